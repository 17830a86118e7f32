"""A run's state between two epochs, as one file that is whole or refused.

Its tensors lie in a safetensors file, as bytes and with no pickled objects, so that
reading it executes nothing. All else is JSON in that file's header, with a digest of
everything: a bit that was flipped anywhere is found.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from .errors import TrainingError
from .records import write_atomically

FORMAT = "2"  # goes up when a checkpoint changes so that older code would misread it
REMEDY = "start anew with --overwrite"


class Stateful(Protocol):
    """What a checkpoint can hold: a model, an optimiser."""

    def state_dict(self) -> Any: ...

    def load_state_dict(self, state: Any, /) -> Any: ...


# ----------------------------------------------------------------------------- writing


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state whole or not at all.

    A state is made of tensors, numbers, text, truths and None, in lists and in
    dictionaries whose keys are text or whole numbers. Tuples come back as lists.
    Raises RecordError where the file cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    content = {"torch": torch.__version__, **_encoded(state, "state", tensors)}
    text = json.dumps(content, allow_nan=False)
    header = {"format": FORMAT, "state": text, "digest": digest(text, tensors)}
    write_atomically(path, safetensors.torch.save(tensors, header))


def _encoded(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """``value`` as JSON can hold it; its tensors are put aside under their names."""
    if isinstance(value, Tensor):
        # A copy, since two names may share their memory, and a file shares none.
        tensors[name] = value.detach().cpu().clone().contiguous()
        return {"tensor": name}
    if isinstance(value, Mapping):
        items = value.items()
        return {"dict": [[k, _encoded(v, f"{name}.{k}", tensors)] for k, v in items]}
    if isinstance(value, list | tuple):
        parts = enumerate(value)
        return {"list": [_encoded(v, f"{name}.{i}", tensors) for i, v in parts]}
    return value


def digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of the text and of each tensor's name, type, shape and bytes."""
    found = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


# ----------------------------------------------------------------------------- reading


def load(path: Path, identity: Mapping[str, Any]) -> dict[str, Any]:
    """The state that was saved. Raises TrainingError, which says what is wrong.

    It is refused if it is no whole checkpoint, of another format, or if the
    ``identity`` in it, as JSON holds it, is that of another run.
    """
    found: Any = read(path)
    ours = json.loads(json.dumps(identity))
    theirs = found.get("identity") if isinstance(found, dict) else None
    if not isinstance(theirs, dict):
        raise TrainingError(f"{path} is the checkpoint of no run: {REMEDY}")
    if theirs != ours:
        names = sorted(str(n) for n in theirs | ours if theirs.get(n) != ours.get(n))
        raise TrainingError(
            f"{path} belongs to a run with another {', '.join(names)}: {REMEDY}"
        )
    state: dict[str, Any] = found
    return state


def read(path: Path) -> Any:
    """What a checkpoint holds, whose ever it is. Raises TrainingError if not whole."""
    return _whole(path)[1]


def other_torch(path: Path) -> str:
    """The version of PyTorch that wrote a checkpoint, if it is not this one.

    Raises TrainingError where the checkpoint is not whole.
    """
    version, _ = _whole(path)
    return "" if version == torch.__version__ else version


def _whole(path: Path) -> tuple[str, Any]:
    """The PyTorch that wrote a file, and the state in it, if its digest is right."""
    damaged = TrainingError(f"{path} is not a whole checkpoint: {REMEDY}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"cannot read {path}: {error.strerror}") from None
    if content.startswith(b"PK"):
        raise TrainingError(f"{path} was written by an earlier version: {REMEDY}")
    try:
        tensors = safetensors.torch.load(content)
        header = _header(content)
        if header["format"] != FORMAT:
            raise TrainingError(
                f"{path} is a checkpoint of format {header['format']}, and this code "
                f"reads format {FORMAT}: {REMEDY}"
            )
        if header["digest"] != digest(header["state"], tensors):
            raise damaged
        found = json.loads(header["state"], parse_constant=_no_constant)
        return str(found["torch"]), _decoded(found, tensors)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        raise damaged from None


def _no_constant(name: str) -> None:
    """NaN and Infinity, which are not JSON and which no checkpoint is written with."""
    raise ValueError(name)


def _header(content: bytes) -> dict[str, str]:
    """The text that a safetensors file carries besides its tensors."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length])["__metadata__"]  # type: ignore[no-any-return]


def _decoded(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """What was encoded. Raises ValueError, KeyError, TypeError for anything else."""
    if isinstance(value, list):
        raise ValueError("a list as none is written")
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "list" in value:
        return [_decoded(part, tensors) for part in value["list"]]
    if not all(type(key) in (str, int) for key, _ in value["dict"]):
        raise ValueError("a key as none is written")
    return {key: _decoded(part, tensors) for key, part in value["dict"]}


# --------------------------------------------------------------------------- restoring


def restore(
    path: Path, saved: Any, parts: Mapping[str, Stateful], generator: torch.Generator
) -> None:
    """Put a saved state into the parts and the generator, all of it or nothing.

    Raises TrainingError where it does not fit them: a name, a type, a shape, a number
    that is not finite. A generator of another device cannot go on with the same noise:
    it is seeded anew, from the state that was saved.
    """
    if wrong := next(_misfits(saved, parts, generator), None):
        raise TrainingError(f"{path} does not fit this run: {wrong}: {REMEDY}")
    for name, part in parts.items():
        part.load_state_dict(saved["parts"][name])
    state = saved["generator"]
    if state.shape == generator.get_state().shape:
        generator.set_state(state)
    else:
        drawn = hashlib.sha256(state.numpy().tobytes()).digest()
        generator.manual_seed(int.from_bytes(drawn[:7], "little"))


def _misfits(
    saved: Mapping[str, Any], parts: Mapping[str, Stateful], generator: torch.Generator
) -> Iterator[str]:
    """What keeps a state from being put into the parts, in words."""
    if not _is_noise(saved.get("generator"), generator):
        yield "it has no state of a generator"
    theirs = saved.get("parts")
    if not isinstance(theirs, dict) or theirs.keys() != parts.keys():
        yield f"its parts are not {', '.join(parts)}"
        return
    for name, part in parts.items():
        if isinstance(part, torch.optim.Optimizer):
            yield from _optimiser_misfits(theirs[name], part, name)
        else:
            yield from differences(theirs[name], part.state_dict(), name)


def _is_noise(state: Any, generator: torch.Generator) -> bool:
    """Whether it is a state that the generator takes, or one of another device's."""
    if not isinstance(state, Tensor) or state.dtype != torch.uint8:
        return False
    if state.shape != generator.get_state().shape:
        return True
    try:
        generator.clone_state().set_state(state)
    except RuntimeError:
        return False
    return True


def _optimiser_misfits(
    saved: Any, optimiser: torch.optim.Optimizer, name: str
) -> Iterator[str]:
    """The same of an optimiser, whose own state is empty before its first step."""
    ours = optimiser.state_dict()
    if not isinstance(saved, dict) or saved.keys() != ours.keys():
        yield f"{name} has no state of an optimiser"
        return
    place = f"{name}.param_groups"
    yield from differences(saved["param_groups"], ours["param_groups"], place)
    for theirs, own in zip(saved["param_groups"], ours["param_groups"], strict=True):
        for key in own.keys() - {"lr", "initial_lr"}:  # which schedules change
            if theirs[key] != json.loads(json.dumps(own[key])):
                yield f"{place}.{key} is {theirs[key]!r}, and should be {own[key]!r}"
        if not 0 <= theirs["lr"] <= 1:
            yield f"{place}.lr is {theirs['lr']!r}"
    weights = [p for group in optimiser.param_groups for p in group["params"]]
    state = saved["state"]
    if not isinstance(state, dict) or not state.keys() <= set(range(len(weights))):
        yield f"{name}.state is not of {len(weights)} parameters"
        return
    kinds = {frozenset(entry) for entry in state.values() if isinstance(entry, dict)}
    if len(kinds) > 1 or not all(isinstance(entry, dict) for entry in state.values()):
        yield f"{name}.state does not hold the same of each parameter"
    for number, entry in state.items():
        for key, value in entry.items():
            place = f"{name}.state.{number}.{key}"
            like = weights[number] if key != "step" else torch.tensor(0.0)
            yield from differences(value, like, place)
            if key in ("step", "exp_avg_sq") and bool((value < 0).any()):
                yield f"{place} is less than zero"


def differences(theirs: Any, ours: Any, name: str) -> Iterator[str]:
    """Where one state is not of the other's form, or holds what is not finite."""
    if isinstance(ours, Tensor):
        if not isinstance(theirs, Tensor) or theirs.shape != ours.shape:
            yield f"{name} has not the shape {tuple(ours.shape)}"
        elif theirs.dtype != ours.dtype:
            yield f"{name} is of {theirs.dtype}, not of {ours.dtype}"
        elif not theirs.isfinite().all():
            yield f"{name} holds a number that is not finite"
    elif isinstance(ours, Mapping):
        if not isinstance(theirs, dict) or theirs.keys() != ours.keys():
            yield f"{name} has not the entries {', '.join(map(str, ours))}"
        else:
            for key in ours:
                yield from differences(theirs[key], ours[key], f"{name}.{key}")
    elif isinstance(ours, list | tuple):
        if not isinstance(theirs, list) or len(theirs) != len(ours):
            yield f"{name} has not {len(ours)} entries"
        else:
            for number, pair in enumerate(zip(theirs, ours, strict=True)):
                yield from differences(*pair, f"{name}.{number}")
    elif is_number(ours):
        if not is_number(theirs):
            yield f"{name} is {theirs!r}, and no finite number"
    elif type(theirs) is not type(ours):
        yield f"{name} is {theirs!r}, and should be like {ours!r}"


def is_number(value: Any) -> bool:
    """Whether it is a finite number, which a truth is not."""
    return type(value) in (int, float) and abs(value) <= sys.float_info.max
