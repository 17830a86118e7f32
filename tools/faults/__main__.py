"""Inject faults into runs of all kinds, and say in one table what came of them.

``python -m tools.faults`` (``make faults``) kills runs, flips bits, damages files and
types command lines, drawn with a seed that it prints. It ends with status 1 if one of
them led to anything but a refusal in one line, or the right result. Each finding is
told with what it takes to repeat it: ``--only WORDS`` tries the faults whose
description has these words.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tools.digest import ROOT

from . import SAMPLE, SAMPLED, SEED, Sizes, found, table
from .runs import BUNDLED, FETCHED

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", default=SEED)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="of the faults")
    parser.add_argument("--sample", action="store_true", help="a few, in few runs")
    parser.add_argument("--only", default="", metavar="WORDS")
    parser.add_argument("--to", type=Path, default=ROOT / "_build" / "faults.json")
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        sizes = SAMPLE if options.sample else Sizes().share(options.share)
        names = SAMPLED if options.sample else BUNDLED + FETCHED
        findings = []
        for finding in found(
            Path(folder), sizes, options.seed, options.jobs, options.only, names
        ):
            findings.append(finding)
            if not finding.right:
                print(f"{finding.verdict}: {finding.fault}\n    {finding.said}")
            if len(findings) % 100 == 0:
                print(f"{len(findings)} faults tried", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - started
    wrong = [finding for finding in findings if not finding.right]
    print(table(findings))
    print(f"seed {options.seed!r}, {seconds:.0f} s, {options.jobs} processes")
    options.to.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "seed": options.seed,
        "seconds": round(seconds),
        "processes": options.jobs,
        "wrong": [finding._asdict() for finding in wrong],
        "table": [row.split(" | ") for row in table(findings).splitlines()],
    }
    options.to.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    sys.exit(1 if wrong else 0)
