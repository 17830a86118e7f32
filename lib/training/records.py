"""A run's record: what was run, on what, and what came out, as one JSON file.

The file says of which format it is, and holds a digest of the rest of itself, so that
a record that was changed by hand, or cut, is not shown as what a run gave.
Files are found, read and written without PyTorch, which is imported where it is used.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import math
import operator
import os
import platform
import secrets
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure
    from torch import Tensor, nn

FORMAT = 1  # goes up when a record changes so that older code would misread it
THEIRS = "use the version of the code that wrote it"
AGAIN = "restore it, or remove it and run the experiment again"


class RecordError(Exception):
    """A record cannot be written or read; the message names the file."""


class RunFiles(NamedTuple):
    """Where a run leaves its record, its last checkpoint and its samples' picture."""

    record: Path
    checkpoint: Path
    samples: Path


def run_files(folder: Path, name: str, seed: int) -> RunFiles:
    """What the files of one run with one seed are called."""
    return RunFiles(
        folder / f"{name}-seed{seed}.json",
        folder / f"{name}-seed{seed}.checkpoint.safetensors",
        folder / f"{name}-seed{seed}-samples.png",
    )


# ----------------------------------------------------------------------------- writing


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises RecordError, and leaves nothing then.

    Two processes may write the same file at once: the later one's is kept, whole.
    """
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # A second error adds nothing: the first says what is wrong with the folder.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise RecordError(f"cannot write {path}: {error.strerror}") from None


def half_written(files: RunFiles) -> list[Path]:
    """What a run that was killed while it wrote has left beside these files."""
    return [
        partial
        for file in files
        for partial in file.parent.glob(f"{file.name}.*.partial")
    ]


def remove(*paths: Path) -> None:
    """Remove the files that are there. Raises RecordError."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise RecordError(f"cannot remove {path}: {error.strerror}") from None


def make_folder(path: Path) -> None:
    """Make a folder, if it is not there, and see that it takes a file."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"cannot make {path}: {error.strerror}") from None
    try:
        with tempfile.TemporaryFile(dir=path) as probe:  # no two runs share its name
            probe.write(b"probe")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise RecordError(f"cannot write into {path}: {error.strerror}") from None


def write_figure(path: Path, figure: Figure) -> None:
    """Write a figure as a PNG, atomically. Raises RecordError."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=90)
    write_atomically(path, content.getvalue())


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a record with its format and digest, atomically.

    Raises RecordError where it cannot, and where the record has one of these two keys.
    """
    if taken := {"format", "digest"} & record.keys():
        raise RecordError(
            f"cannot write {path}: the key {min(taken)!r} is the file's own: rename it"
        )
    try:
        # As it will be read: tuples are lists then, and all keys are text.
        content = json.loads(json.dumps({"format": FORMAT} | record, allow_nan=False))
    except ValueError as error:
        raise RecordError(f"cannot write {path}: {error}") from None
    signed = {"format": FORMAT, "digest": digest(content)} | content
    text = json.dumps(signed, indent=1, ensure_ascii=False)
    write_atomically(path, (text + "\n").encode())


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of a record as JSON without spaces, in ASCII, its keys in order."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# ----------------------------------------------------------------------------- reading


def read(path: str | Path) -> dict[str, Any]:
    """Read a record as it was given to ``write``.

    Raises RecordError where there is none, where it is damaged or was changed, and
    where it is of a format that this code does not know.
    """
    record = read_unsigned(path)
    if "digest" not in record:
        raise RecordError(
            f"{path} is not a record: it has no digest: bring an earlier version's "
            f"along with `python -m lib migrate`, or {AGAIN}"
        )
    if record.get("format") != FORMAT:
        raise RecordError(
            f"{path} is a record of format {record.get('format')}, and this code "
            f"reads format {FORMAT}: {THEIRS}"
        )
    if record.pop("digest") != digest(record):
        raise RecordError(f"{path} was changed: its digest is another one: {AGAIN}")
    del record["format"]
    return record


def read_unsigned(path: str | Path) -> dict[str, Any]:
    """What a record's file holds, format and digest included, if it has any.

    Raises RecordError where it holds no dictionary in JSON.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise RecordError(
            f"{path} is not a record: no UTF-8 from byte {error.start} on: {AGAIN}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is not a record: {error}: {AGAIN}") from None
    if not isinstance(record, dict):
        raise RecordError(f"{path} is not a record: it holds no dictionary: {AGAIN}")
    return record


def read_seeds(folder: str | Path, name: str) -> list[dict[str, Any]]:
    """The records of a run, in the order of the seeds.

    Raises RecordError for none, and for one that is another run's or another seed's.
    """
    prefix = f"{name}-seed"
    paths = Path(folder).glob(f"{prefix}*.json")
    numbers = (path.stem.removeprefix(prefix) for path in paths)
    seeds = sorted(int(number) for number in numbers if number.isdecimal())
    if not seeds:
        raise RecordError(f"no record {prefix}N.json in {folder}")
    return [
        _own(run_files(Path(folder), name, seed).record, name, seed) for seed in seeds
    ]


def _own(path: Path, name: str, seed: int) -> dict[str, Any]:
    """The record that the file's name says it is. Raises RecordError."""
    record = read(path)
    theirs = record.get("name"), record.get("seed")
    if theirs != (name, seed):
        raise RecordError(
            f"{path} is the record of {theirs[0]} with seed {theirs[1]}: give it that "
            "name"
        )
    return record


# --------------------------------------------------------------------- what it contains


def estimate(values: Tensor) -> dict[str, Any]:
    """The mean of ``values`` ``(n,)`` with its 95 % interval, as a record keeps it.

    The interval is the normal one, mean +- 1.96 standard errors.
    """
    values = values.cpu().double()  # not every device has float64
    mean = float(values.mean())
    margin = 1.96 * float(values.std()) / len(values) ** 0.5
    return {"mean": mean, "interval": [mean - margin, mean + margin], "n": len(values)}


def packed(values: Tensor) -> dict[str, Any]:
    """32-bit floats as a record keeps them exactly: their shape, and base64.

    Raises ValueError for numbers of another type.
    """
    import torch

    if values.dtype != torch.float32:
        raise ValueError(f"a record keeps 32-bit floats, not {values.dtype}")
    floats = values.detach().cpu().numpy().astype("<f4")
    data = base64.b64encode(floats.tobytes()).decode()
    return {"shape": list(values.shape), "float32": data}


def unpacked(kept: dict[str, Any]) -> Tensor:
    """The tensor that was ``packed``, to the bit.

    Raises RecordError for what ``packed`` does not give.
    """
    import numpy
    import torch

    try:
        floats = numpy.frombuffer(
            base64.b64decode(kept["float32"], validate=True), "<f4"
        )
        shape = [operator.index(size) for size in kept["shape"]]
        if len(floats) != math.prod(shape) or min(shape, default=0) < 0:
            raise ValueError(f"{len(floats)} numbers are not of the shape {shape}")
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"weights are not as a record keeps them: {error}") from None
    return torch.from_numpy(floats.astype("f4").reshape(shape))


def packed_weights(model: nn.Module) -> dict[str, Any]:
    """All of a network's weights, by their names, each ``packed``."""
    return {name: packed(part) for name, part in model.state_dict().items()}


def unpacked_weights(kept: dict[str, Any]) -> dict[str, Tensor]:
    """What ``packed_weights`` kept, by name; raises as ``unpacked`` does."""
    return {name: unpacked(part) for name, part in kept.items()}


def load_weights(model: nn.Module, kept: dict[str, Any]) -> None:
    """Give a network what ``packed_weights`` kept.

    Raises RecordError, and changes nothing, where they are another network's.
    """
    weights = unpacked_weights(kept)
    shapes = {name: part.shape for name, part in weights.items()}
    if shapes != {name: part.shape for name, part in model.state_dict().items()}:
        raise RecordError(
            "the record's weights are not those of a network of its configuration: "
            f"{AGAIN}"
        )
    model.load_state_dict(weights)


def provenance(device: torch.device) -> dict[str, Any]:
    """Where and when a run starts: versions, device, threads, commit and time."""
    import numpy
    import torch

    name: dict[str, Callable[[], str]] = {
        "cpu": _processor,
        "cuda": lambda: torch.cuda.get_device_name(device),
    }
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "platform": platform.platform(),
        "device": str(device),
        "device_name": name.get(device.type, platform.processor)(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


def _commit() -> str | None:
    """The commit of this source tree, "+changes" where it differs.

    Of a tree that is no checkout, as in an image, CHECKED_GRADIENTS_COMMIT may name it.
    """
    here = Path(__file__).parents[1]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("CHECKED_GRADIENTS_COMMIT") or None
