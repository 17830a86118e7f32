"""What happens to the bytes of a file, and what then comes of a run that meets it."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from .bench import Bench, last_line
from .processes import Said, forked, fresh
from .runs import files, result
from .verdicts import Verdict, refusal

Where = Literal["checkpoint", "finished checkpoint", "record", "compared record"]


def flipped(content: bytes, bit: int) -> bytes:
    """The content with one bit turned over."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _zeros(content: bytes, rng: Random) -> bytes:
    start, end = sorted(rng.sample(range(len(content) + 1), 2))
    return content[:start] + bytes(end - start) + content[end:]


def _noise(content: bytes, rng: Random) -> bytes:
    start = rng.randrange(len(content))
    size = min(rng.randint(1, 64), len(content) - start)
    return content[:start] + rng.randbytes(size) + content[start + size :]


def _moved(content: bytes, rng: Random) -> bytes:
    a, b, c = sorted(rng.sample(range(len(content) + 1), 3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def _doubled(content: bytes, rng: Random) -> bytes:
    start, end = sorted(rng.sample(range(len(content) + 1), 2))
    return content[:end] + content[start:]


def _lost(content: bytes, rng: Random) -> bytes:
    start, end = sorted(rng.sample(range(len(content) + 1), 2))
    return content[:start] + content[end:]


# What disks, editors and transfers do to any file.
DAMAGES: dict[str, Callable[[bytes, Random], bytes]] = {
    "cut short": lambda content, rng: content[: rng.randrange(len(content))],
    "emptied": lambda content, rng: b"",
    "lengthened": lambda content, rng: content + rng.randbytes(rng.randint(1, 99)),
    "zeros within": _zeros,
    "noise within": _noise,
    "a part moved": _moved,
    "a part doubled": _doubled,
    "a part lost": _lost,
    "line ends of Windows": lambda content, rng: content.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda content, rng: b"\xef\xbb\xbf" + content,
    "all noise": lambda content, rng: rng.randbytes(len(content)),
}


@dataclass(frozen=True)
class Damaged:
    """A run that meets a damaged checkpoint or record of its own."""

    kind: str
    name: str
    where: Where
    how: str
    content: bytes
    through_command_line: bool = False

    @property
    def fault(self) -> str:
        return f"{self.name}, its {self.where}: {self.how}"

    def tried(self, bench: Bench, folder: Path) -> tuple[Verdict, str]:
        out = folder / "out"
        victim = self._laid_out(bench, out)
        before = _digests(out)
        arguments = self._arguments(bench, out)
        said = (
            fresh(arguments)
            if self.through_command_line
            else forked(arguments, before=bench.patch())
        )
        verdict = refusal(said, [victim.name])
        if verdict is Verdict.REFUSED and _digests(out) != before:
            verdict = Verdict.REPLACED
        if verdict is None:
            verdict = self._accepted(bench, out, said)
        return verdict, last_line(said)

    def _laid_out(self, bench: Bench, out: Path) -> Path:
        """The run's files, one of them damaged, whose path is returned."""
        record, checkpoint, _ = files(self.name, out)
        if self.where == "checkpoint":
            out.mkdir()
        else:
            shutil.copytree(bench.runs[self.name].out, out)
        if self.where == "finished checkpoint":
            record.unlink()
        victim = record if self.where.endswith("record") else checkpoint
        victim.write_bytes(self.content)
        return victim

    def _arguments(self, bench: Bench, out: Path) -> list[str]:
        if self.where == "compared record":
            sound = files(self.name, bench.runs[self.name].out).record
            damaged = files(self.name, out).record
            return ["compare", str(sound), str(damaged)]
        return bench.arguments(self.name, out, "--resume")

    def _accepted(self, bench: Bench, out: Path, said: Said) -> Verdict:
        sound = bench.runs[self.name]
        if self.where == "compared record":
            record, damaged = files(self.name, sound.out).record, files(self.name, out)
            shutil.copy(record, damaged.record)
            same = said.out == forked(self._arguments(bench, out)).out
        else:
            same = result(self.name, out, said) == sound.result
        return Verdict.SAME if same else Verdict.OTHER


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
    }


def content_of(bench: Bench, name: str, where: Where) -> bytes:
    """The file that is damaged, as it is while it is sound."""
    sound = bench.runs[name]
    if where == "checkpoint":
        return sound.partway
    record, checkpoint, _ = files(name, sound.out)
    return (checkpoint if where == "finished checkpoint" else record).read_bytes()
