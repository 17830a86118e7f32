"""Faults: what a library meets that is killed, damaged, or asked for the impossible."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import NamedTuple

import torch

from lib.experiments.samples import samples_figure
from lib.training.loop import History

from .bench import Bench, Case, prepared
from .commands import command_lines
from .files import damaged_files
from .flips import flips
from .kills import kills
from .runs import BUNDLED, FETCHED
from .verdicts import RIGHT, Verdict

SEED = "checked gradients"  # of all that is drawn


class Sizes(NamedTuple):
    """How many faults of each kind; ``fresh`` flips and files meet new processes."""

    kills: int = 100
    flips: int = 2000
    files: int = 500
    lines: int = 300
    fresh: int = 50

    def share(self, part: float) -> "Sizes":
        """So many times as many of each, and at least one."""
        return Sizes(*(max(1, round(size * part)) for size in self))


# What `make test` tries: in three kinds of run, and in no process that is started anew.
SAMPLE = Sizes(kills=8, flips=16, files=16, lines=12, fresh=0)
SAMPLED = ("iwae-mnist-k5", "vae-mnist", "translate-multi30k-en-de")


class Finding(NamedTuple):
    """One fault, and what came of it."""

    kind: str
    fault: str
    verdict: Verdict
    said: str

    @property
    def right(self) -> bool:
        return self.verdict in RIGHT


def drawn(bench: Bench, sizes: Sizes, seed: str) -> list[Case]:
    """All faults, each kind with a generator of its own."""
    return [
        *kills(bench, sizes.kills, Random(f"{seed} kills")),
        *flips(bench, sizes.flips, Random(f"{seed} flips"), sizes.fresh),
        *damaged_files(bench, sizes.files, Random(f"{seed} files"), sizes.fresh),
        *command_lines(sizes.lines, Random(f"{seed} lines")),
    ]


def found(
    folder: Path,
    sizes: Sizes,
    seed: str = SEED,
    jobs: int = 2,
    only: str = "",
    names: tuple[str, ...] = BUNDLED + FETCHED,
) -> Iterator[Finding]:
    """Try them all, ``jobs`` at a time; what came of each, in their order."""
    warm()
    with prepared(folder, names) as bench:
        cases = [x for x in drawn(bench, sizes, seed) if only in f"{x.kind}: {x.fault}"]
        if not sizes.fresh:
            cases = [case for case in cases if not getattr(case, "environment", ())]
        with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
            yield from pool.map(partial(tried, bench), cases)


def warm() -> None:
    """Import what any run imports, so that forks of this process need not."""
    os.environ |= {"OMP_NUM_THREADS": "1", "CHECKED_GRADIENTS_THREADS": "1"}
    os.environ["TQDM_DISABLE"] = "1"
    torch.set_num_threads(1)
    import sklearn.kernel_approximation
    import sklearn.linear_model
    import sklearn.metrics
    import sklearn.pipeline  # noqa: F401

    zeros = torch.zeros(64, 784, dtype=torch.uint8)
    samples_figure(History(1, snapshots={"1": zeros})).savefig(BytesIO(), dpi=90)


def tried(bench: Bench, case: Case) -> Finding:
    """Try a fault in a folder of its own."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        verdict, said = case.tried(bench, Path(folder))
    return Finding(case.kind, case.fault, verdict, said)


def table(findings: Sequence[Finding]) -> str:
    """How often each verdict was given to each kind of fault, in Markdown."""
    kinds = list(dict.fromkeys(finding.kind for finding in findings))
    counts = Counter((finding.kind, finding.verdict) for finding in findings)
    totals = Counter(finding.verdict for finding in findings)
    shown = [verdict for verdict in Verdict if totals[verdict] or verdict in RIGHT]
    rows = [["fault", "tried", *shown]]
    rows += [
        [kind, str(n), *(str(counts[kind, verdict] or "") for verdict in shown)]
        for kind in kinds
        if (n := sum(counts[kind, verdict] for verdict in Verdict))
    ]
    rows.append(["all", str(len(findings)), *(str(totals[v] or "") for v in shown)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(f"{x:{n}}" for x, n in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (n + 2) for n in widths) + "|")
    return "\n".join(lines)
