"""A run's record: what was run, on what, and what came out, as one JSON file."""

import contextlib
import io
import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
import torch
from matplotlib.figure import Figure
from torch import Tensor


class RecordError(Exception):
    """A record cannot be written or read; the message names the file."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises RecordError, and leaves nothing then."""
    temporary = path.with_name(path.name + ".partial")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # A second error adds nothing: the first says what is wrong with the folder.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise RecordError(f"cannot write {path}: {error.strerror}") from None


def make_folder(path: Path) -> None:
    """Make a folder, if it is not there, and see that it takes a file."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"cannot make {path}: {error.strerror}") from None
    probe = path / ".probe"
    write_atomically(probe, b"probe")
    probe.unlink()


def write_figure(path: Path, figure: Figure) -> None:
    """Write a figure as a PNG, atomically. Raises RecordError."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=90)
    write_atomically(path, content.getvalue())


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a record as JSON, atomically. Raises RecordError."""
    try:
        text = json.dumps(record, indent=1, allow_nan=False, ensure_ascii=False)
    except ValueError as error:
        raise RecordError(f"cannot write {path}: {error}") from None
    write_atomically(path, (text + "\n").encode())


def read(path: str | Path) -> dict[str, Any]:
    """Read a record. Raises RecordError where there is none, or it is damaged."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise RecordError(f"{path} is not a record: {error}") from None


def read_seeds(folder: str | Path, name: str) -> list[dict[str, Any]]:
    """The records of a run, one for each seed. Raises RecordError for none."""
    paths = sorted(Path(folder).glob(f"{name}-seed*.json"))
    found = [path for path in paths if path.stem.removeprefix(f"{name}-seed").isdigit()]
    if not found:
        raise RecordError(f"no record {name}-seedN.json in {folder}")
    return [read(path) for path in found]


def estimate(values: Tensor) -> dict[str, Any]:
    """The mean of ``values`` ``(n,)`` with its 95 % interval, as a record keeps it.

    The interval is the normal one, mean +- 1.96 standard errors.
    """
    values = values.double()
    mean = float(values.mean())
    margin = 1.96 * float(values.std()) / len(values) ** 0.5
    return {"mean": mean, "interval": [mean - margin, mean + margin], "n": len(values)}


def provenance(device: torch.device) -> dict[str, Any]:
    """Where and when a run starts: versions, device, threads, commit and time."""
    name = {"cpu": _processor, "cuda": lambda: torch.cuda.get_device_name(device)}
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
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


def _commit() -> str | None:
    """The commit of this source tree, "+changes" where it differs; else None."""
    here = Path(__file__).parents[1]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None
