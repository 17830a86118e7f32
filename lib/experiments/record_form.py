"""What the record of a run holds: each field's type and range, seen before any is used.

A digest tells that a record is as it was written, not that it was written by this code.
A schema library would state once more what the configurations' own classes check: what
is left is one form of eight fields.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lib.training import records
from lib.training.records import RecordError

from .metrics import Record
from .table import EXPERIMENTS, Run

# A class is a value's type, float any finite number; [form] is a list of such values,
# {str: form} a dictionary of them, other dictionaries have these keys and no others.
Form = Any
NUMBERS = [float]
PACKED = {"shape": [int], "float32": str}
ALWAYS: dict[str, Form] = {
    "name": str,
    "configuration": {str: object},
    "seed": int,
    "data": {"source": str, "sha256": {str: str}},
    "provenance": {str: (str, int, type(None))},
    "metrics": {str: object},
    "curves": {str: NUMBERS},
    "seconds": {"training": float, "this_session": float},
}
SOMETIMES: dict[str, Form] = {"weights": {str: PACKED}, "kept": {str: object}}
PROFILES = {str: {str: {str: NUMBERS}}}


def read(path: str | Path) -> dict[str, Any]:
    """The record of a run. Raises RecordError where the file is not one."""
    record = records.read(path)
    require(path, record)
    return record


def require(path: str | Path, record: Record) -> None:
    """Raise RecordError where what a file holds is no record of a run."""
    if newer := unknown_fields(record):
        raise RecordError(
            f"{path} is of a run with {', '.join(newer)}, of which this version knows "
            f"nothing: {records.THEIRS}"
        )
    if wrong := misfit(record):
        raise RecordError(f"{path} is no record of a run: {wrong}: {records.AGAIN}")


def unknown_fields(record: Record) -> list[str]:
    """The fields of a record's configuration that a later version has, or an other."""
    name, kept = record.get("name"), record.get("configuration")
    if not isinstance(name, str) or name not in EXPERIMENTS:
        return []
    known = get_type_hints(type(EXPERIMENTS[name].run))
    return sorted(kept.keys() - known.keys()) if isinstance(kept, dict) else []


def misfit(record: Record) -> str:
    """What keeps this from being the record of a run, in words; or nothing."""
    form = ALWAYS | {key: SOMETIMES[key] for key in SOMETIMES if key in record}
    return next(itertools.chain(_unlike(record, form, ""), _outside(record)), "")


def _unlike(value: Any, form: Form, place: str) -> Iterator[str]:
    """Where a value is not of a form, in words."""
    if isinstance(form, dict):
        keyed = str not in form
        where = place or "it"
        if not isinstance(value, dict):
            yield f"{where} is no dictionary"
        elif keyed and (odd := sorted(value.keys() ^ form.keys())):
            yield f"{where} {'lacks' if odd[0] in form else 'should not have'} {odd[0]}"
        else:
            for key, part in value.items():
                name = f"{place}.{key}" if place else key
                yield from _unlike(part, form[key if keyed else str], name)
    elif isinstance(form, list):
        if not isinstance(value, list):
            yield f"{place} is no list"
        else:
            for number, part in enumerate(value):
                yield from _unlike(part, form[0], f"{place}.{number}")
    elif form is float:
        if type(value) not in (int, float) or not _finite(value):
            yield f"{place} is {value!r}, and no finite number"
    elif form is object:
        yield from _infinite(value, place)
    elif type(value) not in (form if isinstance(form, tuple) else (form,)):
        yield f"{place} is {value!r}, which is of another type"


def _finite(value: float) -> bool:
    """Whether a float can hold the number; whole ones have no bound in JSON."""
    return abs(value) <= sys.float_info.max


def _infinite(value: Any, place: str) -> Iterator[str]:
    """The numbers in a value that are not finite."""
    if isinstance(value, int | float) and not _finite(value):
        yield f"{place} is {value!r}, and no finite number"
    elif isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from _infinite(part, f"{place}.{key}")


def _outside(record: Record) -> Iterator[str]:
    """Where a record of the right form holds values that no run gives."""
    if not 0 <= record["seed"] < 2**63:
        yield f"seed is {record['seed']}"
    if min(record["seconds"].values()) < 0:
        yield "seconds are less than none"
    yield from _estimates(record["metrics"], "metrics")
    profiles = record["metrics"].get("profiles", {})
    yield from _unlike(profiles, PROFILES, "metrics.profiles")
    for cell, steps in profiles.items():
        known = re.fullmatch(r"[^/]+/\d+/\d+", cell) and all(map(str.isdecimal, steps))
        if not known or not all(s.get("encoder gradient") for s in steps.values()):
            yield f"metrics.profiles.{cell} is no profile of a network"
        elif not steps:
            yield f"metrics.profiles.{cell} is empty"
    if record["name"] in EXPERIMENTS:
        run = EXPERIMENTS[record["name"]].run
        if wrong := unlike_configuration(record["configuration"], run):
            yield f"configuration: {wrong}"


def _estimates(entries: Mapping[str, Any], place: str) -> Iterator[str]:
    """Estimates whose interval is none."""
    for key, entry in entries.items():
        if isinstance(entry, dict) and entry.keys() >= {"mean", "interval"}:
            numbers = [entry["mean"], entry["interval"]]
            form = [float, NUMBERS]
            for value, wanted in zip(numbers, form, strict=True):
                yield from _unlike(value, wanted, f"{place}.{key}")
            interval = entry["interval"]
            if len(interval) != 2 or interval[0] > interval[1]:
                yield f"{place}.{key}.interval is {interval}"
        elif isinstance(entry, dict):
            yield from _estimates(entry, f"{place}.{key}")


def unlike_configuration(kept: Mapping[str, Any], run: Run) -> str:
    """Why these are not the fields of a run of this type, in words, or nothing.

    A field that there was not yet when a record was written had its default.
    """
    kinds = get_type_hints(type(run))
    values: dict[str, Any] = {}
    for name, value in kept.items():
        kind = str if get_origin(kinds[name]) is Literal else kinds[name]
        form: Form = [get_args(kind)[0]] if get_origin(kind) is tuple else kind
        if wrong := next(_unlike(value, form, name), ""):
            return wrong
        values[name] = tuple(value) if isinstance(value, list) else value
    try:
        type(run)(**values)
    except ValueError as error:
        return str(error)
    return ""
