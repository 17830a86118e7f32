"""The benchmarks run to their end, on little; what is timed is not judged here."""

import json
import subprocess
from dataclasses import replace

import pytest
import torch

from lib.__main__ import parser
from lib.bench import __main__, digits, gpu, peer, processes, translation
from lib.bench.result import Result, as_json, speedup, table, times_as_long
from lib.data.corpora import Parallel
from lib.experiments.configurations import TranslationRun
from lib.experiments.table import PHRASES
from lib.models.gaussian import kl_to_standard_normal
from lib.models.vae import log_bernoulli

FAST = Result("an epoch", "times as fast", [1.0, 5.0, 4.0], 3, True, 2.0, 8.0)
SMALL = Result("losses", "apart", [0.1], 0.2)
EXACT = Result("texts", "apart", [0.3], 0.2)


def test_the_status_says_whether_a_bound_is_missed(
    monkeypatch, tmp_path, capsys
) -> None:
    target = tmp_path / "new" / "bench.json"
    for part in __main__.PARTS:
        monkeypatch.setattr(part, "checks", lambda: [])
    monkeypatch.setattr(digits, "checks", lambda: [FAST])
    monkeypatch.setattr(translation, "checks", lambda: [SMALL])
    assert __main__.main(["--json", str(target)]) == 0
    assert json.loads(target.read_text())["results"] == [as_json(FAST), as_json(SMALL)]
    monkeypatch.setattr(digits, "checks", lambda: [FAST, EXACT])
    capsys.readouterr()
    assert __main__.main(["--json", str(target)]) == 1
    written = json.loads(target.read_text())
    assert [row["met"] for row in written["results"]] == [True, False, True]
    assert written["provenance"]["threads"] == torch.get_num_threads()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "met    an epoch: 4 times as fast (at least 3)",
        "MISSED texts: 0.3 apart (at most 0.2)",
        "met    losses: 0.1 apart (at most 0.2)",
    ]


def test_where_json_cannot_be_written_nothing_is_timed(
    monkeypatch, tmp_path, capsys
) -> None:
    for part in __main__.PARTS:
        monkeypatch.setattr(part, "checks", lambda: pytest.fail("it was timed"))
    (tmp_path / "file").write_text("")
    assert __main__.main(["--json", str(tmp_path / "file" / "bench.json")]) == 2
    assert "cannot make" in capsys.readouterr().err


def test_one_table_has_the_times_the_ratios_and_the_bounds() -> None:
    header, *rows = (line.split("  ") for line in table([FAST, EXACT]).splitlines())
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert len(header) >= 6
    assert cells == [
        ["an epoch, times as fast", "2", "8", "4", "1 to 5", "at least 3", "met"],
        ["texts, apart", "0.3", "0.3 to 0.3", "at most 0.2", "MISSED"],
    ]


def test_a_speedup_is_of_the_same_rounds() -> None:
    found = speedup("x", "times", [1.0, 2.0, 4.0], [2.0, 2.0, 2.0], 1.0)
    assert (found.values, found.ours, found.theirs) == ([2.0, 1.0, 0.5], 2.0, 2.0)
    assert found.met
    found = times_as_long("x", "times", [1.0, 2.0, 4.0], [2.0, 2.0, 2.0], 0.9)
    assert (found.values, found.met) == ([0.5, 1.0, 2.0], False)


# Whole processes


def test_whole_processes_take_turns_with_the_same_epochs(monkeypatch, tmp_path) -> None:
    seen = []
    monkeypatch.setenv("CHECKED_GRADIENTS_DATA", str(tmp_path))
    monkeypatch.setattr(processes.digits, "load", lambda name: name)
    monkeypatch.setattr(processes, "run", lambda *words: seen.append(words))
    [result] = processes.checks()
    assert len(result.values) == processes.ROUNDS == len(seen) // 2
    assert {words[0] for words in seen[::2]} == {"lib.bench.peer"}
    assert {words[1] for words in seen[::2]} == {str(tmp_path)}
    assert {words[:3] for words in seen[1::2]} == {("lib", "run", "vae-mnist-peer")}
    assert processes.EPOCHS == peer.EPOCHS
    arguments = list(seen[1][1:])
    assert parser().parse_args(arguments).epochs == str(peer.EPOCHS)


def test_without_mnist_no_processes_are_compared(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setenv("CHECKED_GRADIENTS_DATA", str(tmp_path))
    assert processes.checks() == []
    assert "whole processes are not compared" in capsys.readouterr().err


def test_a_process_that_fails_is_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        processes.run("lib", "run", "nothing-of-this-name")


def test_the_peers_loss_is_that_of_the_usual_loop() -> None:
    torch.manual_seed(0)
    model, images = peer.Example(), torch.rand(5, 1, 28, 28)
    torch.manual_seed(1)
    found = model(images)
    torch.manual_seed(1)
    x, noise = images.flatten(1), torch.randn(5, peer.LATENTS)
    hidden = model.hidden(x).relu()
    mean, log_variance = model.mean(hidden), model.log_variance(hidden)
    z = mean + (log_variance / 2).exp() * noise
    logits = model.pixels(model.back(z).relu())
    wanted = kl_to_standard_normal(mean, log_variance) - log_bernoulli(x, logits)
    torch.testing.assert_close(found, wanted.sum())


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
    assert [(str(result), result.met) for result in good] == [
        ("VAE epoch: 2 times its products (at most 2.7)", True),
        ("VAE epoch: 5 times faster than the usual loop (at least 4)", True),
        ("VAE loss curves: 0.02 nats apart (at most 0.05)", True),
    ]
    slower = times | {"ours": [1.0, 3.0, 3.0, 3.0]}
    bad = digits.held_to_bounds(slower, ours, [150.0, 120.1])
    assert [result.met for result in bad] == [False, False, False]
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
    monkeypatch.setattr(digits, "NLL_SAMPLES", 20)
    *_, curves, _, losses, likelihood = digits.checks()
    # The same weights, order and noise give the same losses, however long they take.
    assert curves.name == "VAE loss curves"
    assert losses.name == "first ten losses by hand"
    for result in (curves, losses):
        assert result.met, result
    assert likelihood.name == "NLL of 10 images by 20 samples"


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
    assert training.name.startswith("training ")
    assert probing.unit.endswith("added by probing all blocks")
    assert decoding.unit == "times as fast as without caches"
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


def test_the_example_beside_a_gpu_trains_through_its_loader(monkeypatch) -> None:
    seen = []
    forward = peer.Example.forward

    def spied(self, images):
        seen.append(len(images))
        return forward(self, images)

    monkeypatch.setattr(peer.Example, "forward", spied)
    assert gpu.example_seconds(torch.rand(300, 784), "cpu", workers=0) > 0
    assert seen == [128, 128, 44]
