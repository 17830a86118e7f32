"""Earlier versions' records brought along: nothing is run again, nothing overwritten.

A run's files had no seed in their names once, records neither format nor digest, and
checkpoints were pickles. Fields of configurations have come since, each with a default
that is what was done before there was the field.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lib.training import locks, records
from lib.training.records import RecordError

from . import record_form
from .configurations import completed
from .table import EXPERIMENTS

OLD = ".old"  # behind the name of a record as it was


class Found(NamedTuple):
    """What was made of a file, or why nothing was."""

    said: str
    done: bool = True


def migrate(folder: Path) -> Iterator[Found]:
    """Bring the folder's records to this version's form and names, as those below it.

    A record that changes stays beside the new one as ``*.json.old``, a picture is
    renamed. Raises RecordError where there is no such folder.
    """
    if not folder.is_dir():
        raise RecordError(f"no folder {folder}: name one that holds records")
    for path in sorted(folder.rglob("*.json")):
        try:
            yield from _record(path)
        except RecordError as error:
            yield Found(str(error), done=False)
    for path in sorted(folder.rglob("*-samples.png")):
        name = path.stem.removesuffix("-samples")
        if name in EXPERIMENTS and not path.with_name(f"{name}.json").exists():
            said = (
                f"{path} is of a run without a record, and of no known seed: leave it"
            )
            yield Found(said, done=False)
    for path in sorted(folder.rglob("*.checkpoint.pt")):
        said = (
            f"{path} was pickled by an earlier version, and is not opened: remove it, "
            "and where it has no record, run the experiment again"
        )
        yield Found(said, done=False)


def _record(path: Path) -> Iterator[Found]:
    """Bring one record along, and the picture beside it."""
    held = records.read_unsigned(path)
    if not held.keys() >= {"configuration", "metrics"}:
        return  # of something else, as of a benchmark
    signed = records.read(path) if {"digest", "format"} & held.keys() else held
    record_form.require(path, signed)
    record = _in_full(signed)
    files = records.run_files(path.parent, record["name"], record["seed"])
    without = path.stem == record["name"]  # the seed
    # Behind the seed there may be words, as in "-k5000", but no further digit.
    behind = path.stem.removeprefix(files.record.stem)
    if not without and (behind == path.stem or behind[:1].isdecimal()):
        raise RecordError(
            f"{path} is the record of {record['name']} with seed {record['seed']}: "
            "rename it"
        )
    target = files.record if without else path
    if target == path and signed is not held and record == signed:
        return
    with locks.held(files):
        _keep_old(path)
        if target != path:
            _require_room(target, record)
            yield from _picture(path, files.samples)
        records.write(target, record)
        if target != path:
            records.remove(path)
        yield Found(f"{path} is now {target.name}, and as it was {path.name}{OLD}")


def _in_full(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the fields of its configuration that have come since."""
    experiment = EXPERIMENTS.get(record["name"])
    if experiment is None:
        return record
    kept = completed(record["configuration"], experiment.run)
    return record | {"configuration": kept}


def _keep_old(path: Path) -> None:
    """Leave a record beside itself as it is; as an interrupted migration may have."""
    old, content = path.with_name(path.name + OLD), path.read_bytes()
    if not old.exists():
        records.write_atomically(old, content)
    elif old.read_bytes() != content:
        raise RecordError(f"{old} is there already: rename it, or remove it")


def _require_room(target: Path, record: dict[str, Any]) -> None:
    """See that the new name is free, or is this record's, as after an interruption."""
    if target.exists() and records.read(target) != record:
        raise RecordError(f"{target} is there already: rename it, or remove it")


def _picture(path: Path, samples: Path) -> Iterator[Found]:
    """The samples beside a record whose name lacks the seed, renamed with it."""
    picture = path.with_name(f"{path.stem}-samples.png")
    if picture.exists():
        if samples.exists():
            raise RecordError(f"{samples} is there already: rename it, or remove it")
        picture.rename(samples)
        yield Found(f"{picture} is now {samples.name}")
