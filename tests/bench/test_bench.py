"""The benchmarks run to their end, on little; what is timed is not judged here."""

from dataclasses import replace

import pytest
import torch

from lib.bench import __main__, digits, gpu, translation
from lib.data.corpora import Parallel
from lib.experiments.configurations import TranslationRun
from lib.experiments.table import PHRASES


def test_the_status_says_whether_a_bound_is_missed(monkeypatch, capsys) -> None:
    monkeypatch.setattr(digits, "checks", lambda: [("fast", True)])
    monkeypatch.setattr(translation, "checks", lambda: [("small", True)])
    assert __main__.main() == 0
    monkeypatch.setattr(digits, "checks", lambda: [("fast", True), ("exact", False)])
    assert __main__.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:] == ["met    fast", "MISSED exact", "met    small"]


# The digits


def test_mnist_is_taken_where_it_is_there(monkeypatch, capsys) -> None:
    mnist = replace(digits.digits.load("bundled"), name="mnist", source="MNIST")
    monkeypatch.setattr(digits.digits, "load", {"mnist": mnist}.__getitem__)
    assert torch.equal(digits.training_images(), mnist.train_images)
    assert capsys.readouterr().err == "1500 images: MNIST\n"


def test_without_mnist_bundled_digits_are_as_many_and_as_grey(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("CHECKED_GRADIENTS_DATA", str(tmp_path))
    images = digits.training_images()
    assert images.shape == (60000, 784)
    greys = images[:1500] * 255
    assert torch.allclose(greys, greys.round(), atol=1e-4)
    assert "60000 images: scikit-learn's" in capsys.readouterr().err


def test_epochs_are_held_to_their_bounds_without_the_warm_up(capsys) -> None:
    times = {
        "ours": [90.0, 2.0, 2.0, 2.0],
        "products": [1.0, 1.0, 1.0, 1.0],
        "slow": [1.0, 10.0],
    }
    ours = [150.0, 120.0, 110.0, 105.0]
    good = digits.held_to_bounds(times, ours, [150.02, 120.01])
    assert good == [
        ("2.00 times its products (at most 2.7)", True),
        ("5.0 times faster than the usual loop (at least 4)", True),
        ("loss curves at most 0.0200 nats apart (at most 0.05)", True),
    ]
    slower = times | {"ours": [1.0, 3.0, 3.0, 3.0]}
    bad = digits.held_to_bounds(slower, ours, [150.0, 120.1])
    assert [met for _, met in bad] == [False, False, False]
    assert "ours        2.00 s an epoch (2.00 to 90.00)" in capsys.readouterr().out


def test_a_step_has_eleven_products_and_the_last_batch_is_what_is_left(
    monkeypatch,
) -> None:
    monkeypatch.setattr(digits, "PEER", replace(digits.PEER, batch_size=16))
    (whole, twice), (rest, once) = digits.Products(35).batches
    assert (twice, once) == (2, 1)
    assert len(whole) == len(rest) == 11
    assert [a.shape[0] for a, _, _ in rest[:4]] == [3] * 4
    assert len(digits.Products(32).batches) == 1


def test_digits_are_timed_and_both_loops_learn_alike(monkeypatch) -> None:
    images = torch.rand(100, 784, generator=torch.Generator().manual_seed(0))
    whole = (images * 255).round() / 255
    monkeypatch.setattr(digits, "training_images", lambda: whole)
    monkeypatch.setattr(digits, "PEER", replace(digits.PEER, batch_size=16))
    monkeypatch.setattr(digits, "ROUNDS", 2)
    monkeypatch.setattr(digits, "SLOW_ROUNDS", 2)
    *_, curves, _, losses = digits.checks()
    # The same weights, order and noise give the same losses, however long they take.
    assert curves[0].startswith("loss curves")
    assert losses[0].startswith("its first ten losses")
    for line, met in (curves, losses):
        assert met, line


# Translation

RUN = replace(
    PHRASES,
    languages=("en", "de"),
    untrained=("de-en",),
    width=16,
    hidden=16,
    heads=2,
    batch_tokens=300,
)


@pytest.fixture
def run_and_data(tmp_path, monkeypatch) -> tuple[TranslationRun, Parallel]:
    """A small network and a few phrases, where Multi30k is not at hand."""
    monkeypatch.setenv("CHECKED_GRADIENTS_DATA", str(tmp_path))
    run, data = translation.run_and_data()
    assert run == replace(PHRASES, batch_tokens=translation.BATCH_TOKENS)
    few = [
        {language: part[language][:60] for language in RUN.languages}
        for part in (data.train, data.validation, data.test)
    ]
    return RUN, Parallel(data.source, data.sha256, *few)


def test_the_tutorials_loss_is_the_same_in_chunks_but_for_the_bias() -> None:
    torch.manual_seed(0)
    model = translation.TutorialTransformer(RUN.architecture(11)).eval()
    torch.nn.init.zeros_(model.output.bias)
    source = torch.tensor([[4, 5, 6, 2], [7, 8, 2, 0]])
    target = torch.tensor([[1, 9, 10, 2], [1, 5, 2, 0]])
    whole = translation.all_logits_loss(model, source, target)
    torch.testing.assert_close(translation.chunked_loss(model, source, target), whole)


def test_translators_are_timed_and_caches_change_no_text(
    run_and_data, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(translation, "run_and_data", lambda: run_and_data)
    monkeypatch.setattr(translation, "ROUNDS", 2)
    monkeypatch.setattr(translation, "TOKENS", 500)
    training, probing, decoding = translation.checks()
    assert training[0].startswith("training ")
    assert probing[0].startswith("probing all blocks adds ")
    assert decoding[0].startswith("beam search with caches ")
    lines = capsys.readouterr().out.splitlines()
    assert sum("tokens a second" in line for line in lines) == 7
    assert "beam search of 60 sentences" in lines[-1]
    assert lines[-1].endswith("100.0% alike")


# The GPU


def test_without_a_gpu_nothing_is_measured_and_nothing_fails(
    monkeypatch, capsys
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main([]) == 0
    assert "no CUDA GPU" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("apart", "status"),
    [
        ({"graph": 1e-5, "compile": 9e-4}, 0),
        ({"graph": 2e-4, "compile": 0.0}, 1),
        ({"graph": float("nan")}, 1),
    ],
)
def test_other_losses_than_the_plain_ones_are_told(
    apart, status, monkeypatch, capsys, tmp_path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(gpu, "provenance", lambda device: {"name": "a GPU"})
    monkeypatch.setattr(gpu, "PARTS", {"vae": lambda: {"apart": apart, "s": 1 / 3}})
    path = tmp_path / "gpu.json"
    assert gpu.main(["--json", str(path), "vae"]) == status
    captured = capsys.readouterr()
    assert path.read_text() == captured.out
    assert '"s": 0.3333' in captured.out
    assert ("vae: graph gives losses" in captured.err) == bool(status)


def test_the_greatest_difference_of_any_loss_counts() -> None:
    losses = {"off": [1.0, 2.0, 4.0], "graph": [1.0, 2.1, 4.0], "compile": [1.0] * 3}

    def trained(engine, clock, epochs):
        return losses[engine.capture]

    monkeypatched = pytest.MonkeyPatch()
    with monkeypatched.context() as patch:
        patch.setattr(gpu, "Clock", lambda: None)
        assert gpu.apart(trained) == pytest.approx({"graph": 0.05, "compile": 0.75})
