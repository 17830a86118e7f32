"""The grid of small trainings: on the same batches, probed at every step, resumable."""

from dataclasses import replace

import pytest
import torch

from lib.experiments import norms, translation
from lib.experiments.configurations import NormsRun, as_translation, cells
from lib.experiments.norms import (
    judge_norms,
    train_norms,
)
from lib.models.probes import Probe
from lib.models.transformer import Transformer, loss
from lib.training.engine import prepare

TINY = NormsRun(
    corpus="phrases",
    variants=("post", "pre+final+qk"),
    depths=(1, 2),
    warmups=(0, 4),
    steps=4,
    profile_steps=(0, 3),
    width=16,
    hidden=16,
    heads=2,
    batch_tokens=300,
)


@pytest.fixture(scope="module")
def data():
    return translation.load(TINY, None)


@pytest.fixture(scope="module")
def history(data):
    return train_norms(TINY, data, 0)[1]


def test_a_cell_is_what_its_name_says() -> None:
    names = [str(cell) for cell in cells(TINY)]
    assert names[:3] == ["post/1/0", "post/1/4", "post/2/0"]
    assert len(names) == TINY.epochs == 8
    one = as_translation(TINY, cells(TINY)[-1])
    assert (one.placement, one.final_norm, one.qk_norm) == ("pre", True, True)
    assert (one.encoder_layers, one.decoder_layers, one.dropout) == (2, 2, 0.0)
    bare = as_translation(TINY, cells(TINY)[0])
    assert (bare.placement, bare.final_norm, bare.qk_norm) == ("post", False, False)


def test_every_step_and_network_is_recorded(history) -> None:
    parts = [
        "loss",
        *(f"{a} {b}" for b in ("encoder", "decoder") for a in ("first", "last")),
    ]
    wanted = {f"{cell} {part}" for cell in cells(TINY) for part in parts}
    assert set(history.curves) == wanted
    assert all(len(values) == 4 for values in history.curves.values())
    for depth in (1, 2):
        assert history.snapshots[f"post/{depth}/0 3"].shape == (4, depth + 1)
    # One block is the first and the last.
    one = history.curves
    assert one["post/1/0 first decoder"] == one["post/1/0 last decoder"]
    assert one["post/2/0 first decoder"] != one["post/2/0 last decoder"]


def test_who_watches_is_told_each_networks_losses_after_it(data, history) -> None:
    told: list[tuple[int, dict[str, float]]] = []
    few = replace(TINY, variants=("post",), depths=(1,))
    train_norms(few, data, 0, watch=lambda *of_a_step: told.append(of_a_step))
    assert told == [
        (step, {name: value})
        for name in ("post/1/0 loss", "post/1/4 loss")
        for step, value in enumerate(history.curves[name], start=1)
    ]


def test_networks_see_the_same_batches_and_warm_up_only_slows(history) -> None:
    curves = history.curves
    assert curves["post/1/0 loss"][0] == curves["post/1/4 loss"][0]
    assert curves["post/1/0 loss"][1] != curves["post/1/4 loss"][1]


def test_norms_are_of_the_loss_before_the_step(data) -> None:
    slow = replace(
        TINY, variants=("pre",), depths=(1,), warmups=(0,), learning_rate=1e-9
    )
    _, history = train_norms(replace(slow, steps=1, profile_steps=(0,)), data, 0)
    _, again = train_norms(
        replace(slow, steps=1, learning_rate=0.5, profile_steps=(0,)), data, 0
    )
    assert history.curves == again.curves


def test_a_resumed_grid_ends_where_it_would_have_ended(data, history, tmp_path) -> None:
    file = tmp_path / "grid.pt"
    train_cell = norms.train_cell

    def stop(run, cell, *others) -> None:
        if str(cell) == "post/2/4":
            raise KeyboardInterrupt
        train_cell(run, cell, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(norms, "train_cell", stop)
        with pytest.raises(KeyboardInterrupt):
            train_norms(TINY, data, 0, checkpoint=file)
    _, resumed = train_norms(TINY, data, 0, checkpoint=file, resume=True)
    assert resumed.curves == history.curves


def test_a_network_that_diverges_ends_there(data, monkeypatch) -> None:
    one, calls = replace(TINY, variants=("post",), depths=(1,), warmups=(0,)), []
    loss = norms.transformer.loss

    def worse(*arguments) -> torch.Tensor:
        calls.append(1)
        return loss(*arguments) * (float("inf") if len(calls) == 3 else 1.0)

    monkeypatch.setattr(norms.transformer, "loss", worse)
    _, history = train_norms(one, data, 0)
    assert {len(values) for values in history.curves.values()} == {2}
    assert len(calls) == 3


def test_profiles_are_named(data, history) -> None:
    metrics = judge_norms(history.snapshots, TINY, data)
    profile = metrics["profiles"]["post/2/0"]["3"]
    assert list(profile) == list(norms.PROFILE)
    found = history.snapshots["post/2/0 3"][2].tolist()
    assert profile["decoder gradient"] == pytest.approx(found, rel=1e-3)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("variants", (), "variants"),
        ("variants", ("post+warm",), "variants"),
        ("variants", ("before",), "variants"),
        ("depths", (0,), "depths"),
        ("steps", 0, "steps"),
        ("profile_steps", (4,), "profile_steps"),
        ("warmups", (), "warmups"),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_a_senseless_grid_is_refused(field: str, value, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        replace(TINY, **{field: value})


def test_double_precision_is_double(data) -> None:
    one = replace(
        TINY, variants=("post",), depths=(2,), warmups=(0,), steps=1, profile_steps=(0,)
    )
    _, history = train_norms(replace(one, double=True), data, 0)
    generator = prepare(0)
    run = as_translation(one, cells(one)[0])
    tokeniser = translation.new_tokeniser(run, data)
    encoded = translation.Encoded(run, tokeniser, data.train)
    model = Transformer(run.architecture(tokeniser.get_vocab_size())).double()
    pairs = translation.trained_directions(run)
    batches = translation.bucketed(encoded, pairs, run, torch.device("cpu"))
    batch, _ = next(iter(batches(generator)))
    with Probe(model.decoder) as probe:
        loss(model, *batch).backward()
    found = history.snapshots["post/2/0 0"][2]
    torch.testing.assert_close(found, probe.gradients, rtol=1e-11, atol=0)
