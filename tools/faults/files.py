"""Damaged files of all formats: a run's own, and those that its data lie in."""

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from lib.data import catalogue, corpora
from lib.training import checkpoints, records
from tools.digest import ROOT

from .bench import Bench, Case, last_line
from .damage import DAMAGES, Damaged, Where, content_of
from .processes import forked, fresh
from .runs import BUNDLED, FETCHED, command, place_data, result
from .verdicts import Verdict, refusal

# ------------------------------------------------------------------------ a run's own

OTHERS: tuple[Any, ...] = (None, True, -1, 1e300, "x", [], {}, [[]], {"list": 3})


def _leaves(value: Any) -> list[tuple[Any, Any]]:
    """All places in a JSON value, each as what holds it and where."""
    parts = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    return [(value, key) for key, _ in parts] + [
        place for _, part in parts for place in _leaves(part)
    ]


def _exchanged(content: Any, rng: Random) -> str:
    """Put a value of another type somewhere; in words, what and where."""
    holder, key = rng.choice(_leaves(content))
    other = rng.choice([o for o in OTHERS if type(o) is not type(holder[key])])
    was, holder[key] = holder[key], other
    return f"{key!r} is {other!r}, not {str(was)[:30]}, under a right digest"


def resigned_record(content: bytes, rng: Random) -> tuple[bytes, str]:
    """A record with a value of another type, and a digest that is right."""
    record = json.loads(content)
    del record["digest"]
    how = _exchanged(record["configuration"], rng)
    signed = {"digest": records.digest(record)} | record
    return (json.dumps(signed, indent=1) + "\n").encode(), how


def resigned_checkpoint(content: bytes, rng: Random) -> tuple[bytes, str]:
    """A checkpoint with a value of another type or shape, and a right digest."""
    tensors = safetensors.torch.load(content)
    length = int.from_bytes(content[:8], "little")
    state = json.loads(content[8 : 8 + length])["__metadata__"]["state"]
    if rng.random() < 0.5:
        state = json.loads(state)
        how = _exchanged(state, rng)
        state = json.dumps(state)
    else:
        name = rng.choice(sorted(tensors))
        change = rng.choice(sorted(CHANGES))
        tensors[name] = CHANGES[change](tensors[name])
        how = f"{name} {change}, under a right digest"
    header = {
        "format": checkpoints.FORMAT,
        "state": state,
        "digest": checkpoints.digest(state, tensors),
    }
    return safetensors.torch.save(tensors, header), how


CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "without a number": lambda tensor: tensor.reshape(-1)[:0].clone(),
    "in another shape": lambda tensor: tensor.reshape(1, -1).clone(),
    "in one more row": lambda tensor: torch.cat([tensor.reshape(-1)] * 2),
    "in double precision": lambda tensor: tensor.double(),
    "in whole numbers": lambda tensor: tensor.to(torch.int32),
    "of no number": lambda tensor: torch.full(tensor.shape, torch.nan),
}
RESIGNED = {"checkpoint": resigned_checkpoint, "record": resigned_record}


def _own(bench: Bench, where: Where, rng: Random, alone: bool) -> Damaged:
    names = [name for name in BUNDLED if name in bench.runs]
    name = rng.choice(names)
    content = content_of(bench, name, where)
    how = rng.choice([*DAMAGES, "exchanged", "exchanged", "exchanged", "another's"])
    if how == "exchanged":
        changed, how = RESIGNED[where.split()[-1]](content, rng)
    elif how == "another's":
        other = rng.choice([o for o in bench.runs if o != name])
        changed, how = content_of(bench, other, where), f"that of {other}"
    else:
        changed = DAMAGES[how](content, rng)
    kind = f"damaged {where.split()[-1]}" + (", fresh" if alone else "")
    return Damaged(kind, name, where, how, changed, alone)


# ---------------------------------------------------------------------------- its data


@dataclass(frozen=True)
class Phrases:
    """The table of phrases, damaged, in a copy of the library."""

    how: str
    content: bytes
    alone: bool

    @property
    def kind(self) -> str:
        return "damaged phrases" + (", fresh" if self.alone else "")

    @property
    def fault(self) -> str:
        return f"lib/data/phrases.tsv: {self.how}"

    def tried(self, bench: Bench, folder: Path) -> tuple[Verdict, str]:
        name = "translate-phrases"
        arguments = command(name, folder / "out")
        if self.alone:
            shutil.copytree(ROOT / "lib", folder / "lib")
            (folder / "lib" / "data" / "phrases.tsv").write_bytes(self.content)
            said = fresh(arguments, library=folder)
        else:
            path = folder / "phrases.tsv"
            path.write_bytes(self.content)
            said = forked(arguments, before=lambda: _read_phrases_from(path))
        verdict = refusal(said, ["phrases.tsv"])
        if verdict is None:
            same = result(name, folder / "out", said) == bench.runs[name].result
            verdict = Verdict.SAME if same else Verdict.OTHER
        return verdict, last_line(said)


def _read_phrases_from(path: Path) -> None:
    corpora.phrases.cache_clear()
    corpora.PHRASES_FILE = path


@dataclass(frozen=True)
class Data:
    """A file of MNIST or Multi30k, damaged: at home, as it is served, or mended.

    Where unknown content is accepted it may be taken as it is. A file at home that is
    refused is to be mended as the message says, by fetching it.
    """

    name: str
    file: str
    served: bool
    accepted: bool
    how: str
    content: bytes
    alone: bool = False

    @property
    def kind(self) -> str:
        what = "MNIST" if self.name == "vae-mnist" else "Multi30k"
        served = " as it is fetched" if self.served else ""
        return f"damaged {what}{served}" + (", fresh" if self.alone else "")

    @property
    def fault(self) -> str:
        flag = ", --accept-unknown-data" if self.accepted else ""
        return f"{self.file}: {self.how}{flag}"

    def tried(self, bench: Bench, folder: Path) -> tuple[Verdict, str]:
        return (
            self._fetched(bench, folder)
            if self.served
            else self._at_home(bench, folder)
        )

    def _fetched(self, bench: Bench, folder: Path) -> tuple[Verdict, str]:
        """A server gives damaged bytes; a second try, of sound ones, must succeed."""
        own = bench.served / folder.name
        shutil.copytree(bench.fetched, own)
        (own / self.file).write_bytes(self.content)
        arguments = bench.arguments(self.name, folder / "out")
        said = forked(arguments, before=bench.patch(folder.name))
        verdict = refusal(said, [])
        if verdict is Verdict.REFUSED:
            return self._mended(bench, folder, verdict, last_line(said))
        if verdict is None:
            same = result(self.name, folder / "out", said)
            ours = same == bench.runs[self.name].result
            verdict = Verdict.SAME if ours else Verdict.OTHER
        return verdict, last_line(said)

    def _at_home(self, bench: Bench, folder: Path) -> tuple[Verdict, str]:
        place_data(bench.fetched, folder / "data")
        where = "MNIST/raw" if self.name == "vae-mnist" else "multi30k"
        victim = folder / "data" / where / self.file
        victim.write_bytes(self.content)
        arguments = command(
            *(self.name, folder / "out", "--data", str(folder / "data")),
            *(["--accept-unknown-data"] if self.accepted else []),
        )
        if self.alone:  # which knows the official data alone: all is unknown to it
            said = fresh(arguments)
        else:
            said = forked(arguments, before=bench.patch())
        # Where several files are read together, the first may be named for all.
        verdict = refusal(said, [str(folder / "data")])
        if verdict is Verdict.REFUSED and not self.accepted and not self.alone:
            if "--download" not in said.err or victim.name not in said.err:
                return Verdict.MISLEADING, last_line(said)
            if "delete it" in said.err:
                victim.unlink()
            return self._mended(bench, folder, verdict, last_line(said))
        if verdict is None:
            same = result(self.name, folder / "out", said)
            ours = same == bench.runs[self.name].result
            other = Verdict.ASKED if self.accepted else Verdict.OTHER
            verdict = Verdict.SAME if ours else other
        return verdict, last_line(said)

    def _mended(
        self, bench: Bench, folder: Path, verdict: Verdict, line: str
    ) -> tuple[Verdict, str]:
        """The same command once more, which now can fetch what is sound."""
        arguments = bench.arguments(self.name, folder / "out")
        said = forked(arguments, before=bench.patch())
        if result(self.name, folder / "out", said) == bench.runs[self.name].result:
            return verdict, line
        return Verdict.MISLEADING, f"{line}; and then: {last_line(said)}"


def _data(bench: Bench, name: str, served: bool, rng: Random, alone: bool) -> Data:
    sound = sorted(
        path
        for path in bench.fetched.iterdir()
        if (path.stem in catalogue.MNIST_FILES) == (name == "vae-mnist")
    )
    path = rng.choice(sound)
    accepted = not served and rng.random() < 0.5
    how = rng.choice(sorted(DAMAGES))
    plain = gzip.decompress(path.read_bytes())
    if name == "vae-mnist" and not served:
        content, file = DAMAGES[how](plain, rng), path.stem
    elif rng.random() < 0.5:  # whole as a gzip file
        content, file = gzip.compress(DAMAGES[how](plain, rng), mtime=0), path.name
        how += " before it was packed"
    else:
        content, file = DAMAGES[how](path.read_bytes(), rng), path.name
    return Data(name, file, served, accepted, how, content, alone)


def damaged_files(bench: Bench, count: int, rng: Random, fresh: int = 0) -> list[Case]:
    """Damaged files of each format in turn, of which ``fresh`` meet a new process."""
    table = corpora.PHRASES_FILE.read_bytes()
    fetched = [name for name in FETCHED if name in bench.runs]
    cases: list[Case] = []
    for number in range(count):
        alone = number * fresh // count != (number + 1) * fresh // count
        name = fetched[number // 8 % len(fetched)]
        match number % 8:
            case 0 | 1:
                cases.append(_own(bench, "checkpoint", rng, alone))
            case 2:
                cases.append(_own(bench, "finished checkpoint", rng, alone))
            case 3:
                cases.append(_own(bench, "record", rng, alone))
            case 4:
                cases.append(_own(bench, "compared record", rng, alone))
            case 5:
                how = rng.choice(sorted(DAMAGES))
                cases.append(Phrases(how, DAMAGES[how](table, rng), alone))
            case 6:
                cases.append(_data(bench, name, False, rng, alone))
            case _:
                cases.append(_data(bench, name, True, rng, False))
    return cases
