"""A checkpoint is whole and fits the run, or is refused in one line; nothing is run."""

import contextlib
import itertools
import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from lib.training import checkpoints
from lib.training import loop as training
from lib.training.engine import prepare
from lib.training.errors import TrainingError
from lib.training.loop import Training
from tests.shared.effort import DEEP

DATA = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
SETTINGS = Training(epochs=3, batch_size=16, learning_rate=0.05)


def fit(path: Path, *, resume: bool = False, inputs: int = 4) -> nn.Module:
    generator = prepare(0)
    model = nn.Linear(inputs, 4)

    def loss(model: nn.Module, batch: Tensor, _: torch.Generator) -> dict[str, Tensor]:
        return {"loss": (model(batch[:, :inputs]) - batch).square().mean()}

    training.train(
        model, DATA, loss, SETTINGS, generator, checkpoint=path, resume=resume
    )
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a run after two of its three epochs."""
    path = tmp_path_factory.mktemp("run") / "c.safetensors"
    generator = prepare(0)

    def loss(model: nn.Module, batch: Tensor, _: torch.Generator) -> dict[str, Tensor]:
        return {"loss": (model(batch) - batch).square().mean()}

    def keep(history: training.History) -> dict[str, float]:
        history.snapshots[str(history.epochs)] = torch.tensor([history.epochs])
        return {}

    training.train(
        nn.Linear(4, 4), DATA, loss, SETTINGS, generator,
        checkpoint=path, until=2, after_epoch=keep,
    )  # fmt: skip
    return path


def refused(path: Path, match: str) -> None:
    before = path.read_bytes()
    with pytest.raises(TrainingError, match=rf"(?<!\w)({match})(?!\w)") as said:
        fit(path, resume=True)
    assert "\n" not in str(said.value)
    assert str(path) in str(said.value)
    assert path.read_bytes() == before


STATES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(), inner, max_size=3)
        | st.dictionaries(st.integers(0, 9), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(state=STATES)
def test_what_is_saved_is_read(state: Any, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("state") / "c"
    checkpoints.save(path, {"state": state})
    assert checkpoints.read(path) == {"state": state}


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(1.5),
        torch.zeros(0, 3),
        torch.arange(6, dtype=torch.uint8).view(2, 3),
        torch.linspace(0, 1, 12, dtype=torch.float64).view(3, 4).T,
        torch.tensor([True, False]),
        torch.linspace(0, 1, 5).bfloat16(),
        torch.tensor([float("nan"), float("inf")]),
    ],
    ids=str,
)
def test_tensors_are_read_to_the_bit(tensor: Tensor, tmp_path: Path) -> None:
    checkpoints.save(tmp_path / "c", {"one": tensor, "again": [tensor, tensor]})
    read = checkpoints.read(tmp_path / "c")
    for found in (read["one"], read["again"][0]):
        assert found.dtype == tensor.dtype
        assert torch.equal(found, tensor) or tensor.isnan().any()


def test_every_flipped_bit_is_found(saved: Path, tmp_path: Path) -> None:
    content, path = saved.read_bytes(), tmp_path / "c"
    places = range(8 * len(content))
    if not DEEP:
        places = random.Random(0).sample(places, 300)  # a published seed
    for place in places:
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(TrainingError):
            checkpoints.read(path)


def test_every_truncation_is_found(saved: Path, tmp_path: Path) -> None:
    content, path = saved.read_bytes(), tmp_path / "c"
    for length in range(0, len(content), 1 if DEEP else 97):
        path.write_bytes(content[:length])
        with pytest.raises(TrainingError, match="not a whole checkpoint"):
            checkpoints.read(path)


def test_what_is_added_at_the_end_is_found(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(saved.read_bytes() + b"\0")
    refused(tmp_path / "c", "not a whole checkpoint")


class Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "save", [torch.save, lambda x, p: p.write_bytes(pickle.dumps(x, 2))]
)
def test_a_pickle_is_refused_and_runs_nothing(
    tmp_path: Path, save: Callable[[Any, Path], object]
) -> None:
    made = tmp_path / "made"
    save({"identity": {}, "parts": Hostile(made)}, tmp_path / "c")
    refused(tmp_path / "c", "not a whole checkpoint|an earlier version")
    assert not made.exists()


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with pytest.raises(TrainingError, match=r"cannot read .*: Is a directory"):
        checkpoints.read(tmp_path / "c")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 99])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    refused(tmp_path / "c", "not a whole checkpoint")


def test_another_format_is_named(saved: Path, tmp_path: Path) -> None:
    tensors = safetensors.torch.load(saved.read_bytes())
    header = {"format": "99", "state": "{}", "digest": checkpoints.digest("{}", {})}
    (tmp_path / "c").write_bytes(safetensors.torch.save(tensors, header))
    refused(tmp_path / "c", "of format 99, and this code reads format 2")


def damage(path: Path, change: Callable[[dict[str, Any]], object], to: Path) -> None:
    """A checkpoint with a right digest, of a state that was changed."""
    state = checkpoints.read(path)
    change(state)
    checkpoints.save(to, state)


def model_of(state: dict[str, Any]) -> dict[str, Any]:
    return state["parts"]["model"]  # type: ignore[no-any-return]


def adam_of(state: dict[str, Any]) -> dict[str, Any]:
    return state["parts"]["optimiser"]  # type: ignore[no-any-return]


# What is said of a state, and changes after each of which it is.
MISFITS: dict[str, list[Callable[[dict[str, Any]], object]]] = {
    "of no run": [lambda s: s.pop("identity"), lambda s: s.update(identity=[1])],
    "no history": [
        lambda s: s.pop("history"),
        lambda s: s["history"].update(unknown=1),
        lambda s: s["history"].update(epochs=-1),
        lambda s: s["history"].update(epochs="2"),
        lambda s: s["history"].update(curves=[1]),
        lambda s: s["history"].update(snapshots={"1": 2}),
    ],
    "its curves": [
        lambda s: s["history"].update(epochs=7),
        lambda s: s["history"]["curves"]["loss"].append(1.0),
    ],
    "its parts are not model, optimiser": [
        lambda s: s["parts"].pop("model"),
        lambda s: s.pop("parts"),
    ],
    "generator": [
        lambda s: s.pop("generator"),
        lambda s: s.update(generator=torch.zeros(3)),
        lambda s: s["generator"].zero_(),
    ],
    "model has not the entries": [
        lambda s: model_of(s).pop("bias"),
        lambda s: s["parts"].update(model=[1]),
    ],
    r"model\.bias has not": [lambda s: model_of(s).update(bias=torch.zeros(5))],
    r"model\.bias is of": [lambda s: model_of(s).update(bias=torch.zeros(4).double())],
    r"model\.bias holds": [lambda s: model_of(s)["bias"].fill_(float("nan"))],
    "no state of an optimiser": [lambda s: s["parts"].update(optimiser={})],
    r"optimiser\.state": [
        lambda s: adam_of(s).update(state={99: {}}),
        lambda s: adam_of(s).update(state={0: 1}),
        lambda s: adam_of(s)["state"][0].pop("step"),
    ],
    r"optimiser\.state\.0\.exp_avg": [
        lambda s: adam_of(s)["state"][0].update(exp_avg=torch.zeros(0))
    ],
    r"optimiser\.state\.0\.exp_avg_sq is less than zero": [
        lambda s: adam_of(s)["state"][0]["exp_avg_sq"][0].fill_(-1)
    ],
    r"optimiser\.state\.1\.step is less than zero": [
        lambda s: adam_of(s)["state"][1]["step"].fill_(-1)
    ],
    r"optimiser\.state\.1\.step": [
        lambda s: adam_of(s)["state"][1].update(step=torch.zeros(3))
    ],
    r"optimiser\.param_groups": [
        lambda s: adam_of(s)["param_groups"][0].update(lr="fast"),
        lambda s: adam_of(s).update(param_groups=[]),
    ],
}


@pytest.mark.parametrize("said", MISFITS)
def test_a_state_that_does_not_fit_is_refused(
    saved: Path, tmp_path: Path, said: str
) -> None:
    for change in MISFITS[said]:
        damage(saved, change, tmp_path / "c")
        refused(tmp_path / "c", said)


def test_a_state_is_restored_whole_or_not_at_all(saved: Path, tmp_path: Path) -> None:
    """The optimiser comes last, and does not fit: the model keeps its weights."""
    [change] = MISFITS[r"optimiser\.state\.0\.exp_avg"]
    damage(saved, change, tmp_path / "c")
    generator = prepare(0)
    model = nn.Linear(4, 4)
    before, noise = model.weight.detach().clone(), generator.get_state()
    parts = {"model": model, "optimiser": torch.optim.Adam(model.parameters())}
    state = checkpoints.read(tmp_path / "c")
    with pytest.raises(TrainingError):
        checkpoints.restore(tmp_path / "c", state, parts, generator)
    assert torch.equal(model.weight, before)
    assert torch.equal(generator.get_state(), noise)


def test_the_remedy_that_is_named_works(saved: Path, tmp_path: Path) -> None:
    """Starting anew overwrites what was refused."""
    path = tmp_path / "c"
    damage(saved, MISFITS[r"model\.bias holds"][0], path)
    refused(path, "--overwrite")
    fit(path)
    assert checkpoints.read(path)["history"]["epochs"] == SETTINGS.epochs


def test_the_noise_of_another_device_is_drawn_anew_and_alike_each_time(
    saved: Path, tmp_path: Path
) -> None:
    """A generator of CUDA keeps sixteen bytes, which no other one takes."""
    damage(
        saved,
        lambda s: s.update(generator=torch.arange(16, dtype=torch.uint8)),
        tmp_path / "c",
    )
    state = checkpoints.read(tmp_path / "c")
    drawn = []
    for _ in range(2):
        model, generator = nn.Linear(4, 4), torch.Generator()
        parts = {
            "model": model,
            "optimiser": torch.optim.Adam(model.parameters(), lr=0.05, fused=True),
        }
        checkpoints.restore(tmp_path / "c", state, parts, generator)
        drawn.append(torch.rand(3, generator=generator))
    assert torch.equal(*drawn)


def test_random_changes_of_the_text_end_in_one_line_or_in_the_run(
    saved: Path, tmp_path: Path
) -> None:
    """Leaves of the JSON exchanged for others, under a right digest: no traceback."""
    tensors = safetensors.torch.load(saved.read_bytes())
    header = saved.read_bytes()
    length = int.from_bytes(header[:8], "little")
    text = json.loads(header[8 : 8 + length])["__metadata__"]["state"]
    rng, path = random.Random(1), tmp_path / "c"
    others = ["null", "true", "-1", "1e300", '"x"', "[]", "{}", '{"list": 3}']
    marks = [n for n, sign in enumerate(text) if sign in ",:["]
    for mark in rng.sample(marks, len(marks) if DEEP else 60):
        end = next(
            (n for n in itertools.count(mark + 1) if text[n : n + 1] in ',]}"[{'), mark
        )
        changed = text[: mark + 1] + rng.choice(others) + text[end:]
        signed = {
            "format": checkpoints.FORMAT,
            "state": changed,
            "digest": checkpoints.digest(changed, tensors),
        }
        path.write_bytes(safetensors.torch.save(tensors, signed))
        with contextlib.suppress(TrainingError):
            fit(path, resume=True)


@pytest.mark.parametrize(
    "state",
    [
        '{"dict": [["identity", []]]}',  # a list is {"list": ...}
        '{"dict": [["identity", {"dict": [[1e300, 2]]}]]}',
        '{"dict": [["identity", {"dict": [[true, 2]]}]]}',
        '{"dict": [["identity", {"dict": [[null, 2]]}]]}',
    ],
)
def test_what_is_never_written_is_no_whole_checkpoint(
    saved: Path, tmp_path: Path, state: str
) -> None:
    text = '{"torch": "2", ' + state[1:]
    header = {"format": checkpoints.FORMAT, "state": text}
    header["digest"] = checkpoints.digest(text, {})
    (tmp_path / "c").write_bytes(safetensors.torch.save({}, header))
    with pytest.raises(TrainingError, match="is not a whole checkpoint"):
        checkpoints.load(tmp_path / "c", {})


def test_the_fields_that_differ_are_named_and_no_other(saved: Path) -> None:
    ours = checkpoints.read(saved)["identity"]
    other = ours | {"epochs": 99, "batch_size": 1, "new": 0}
    said = r"belongs to a run with another batch_size, epochs, new: start anew"
    with pytest.raises(TrainingError, match=said):
        checkpoints.load(saved, other)
    assert checkpoints.load(saved, ours)["identity"] == ours


def test_a_checkpoint_of_no_dictionary_is_of_no_run(tmp_path: Path) -> None:
    checkpoints.save(tmp_path / "c", [1, 2])  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="is the checkpoint of no run"):
        checkpoints.load(tmp_path / "c", {})


@pytest.mark.parametrize(
    ("rate", "fits"), [(1, True), (0.5, True), (True, False), ("1", False)]
)
def test_a_number_may_be_whole_but_no_truth(
    saved: Path, tmp_path: Path, rate: Any, fits: bool
) -> None:
    damage(
        saved, lambda s: adam_of(s)["param_groups"][0].update(lr=rate), tmp_path / "c"
    )
    if fits:
        fit(tmp_path / "c", resume=True)
    else:
        refused(tmp_path / "c", rf"param_groups\.0\.lr is {rate!r}")


def test_the_entries_that_should_be_there_are_listed(
    saved: Path, tmp_path: Path
) -> None:
    damage(saved, lambda s: model_of(s).pop("bias"), tmp_path / "c")
    refused(tmp_path / "c", r"model has not the entries weight, bias: start anew")


def test_the_torch_that_wrote_it_is_named(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkpoints.other_torch(saved) == ""
    with monkeypatch.context() as other:
        other.setattr(torch, "__version__", "1.0")
        checkpoints.save(tmp_path / "c", {})
    assert checkpoints.other_torch(tmp_path / "c") == "1.0"
