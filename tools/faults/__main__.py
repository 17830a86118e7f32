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

from . import SEED, Sizes, found, table

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", default=SEED)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="of the faults")
    parser.add_argument("--only", default="", metavar="WORDS")
    parser.add_argument("--to", type=Path, default=ROOT / "_build" / "faults.json")
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        sizes = Sizes().share(options.share)
        findings = found(
            *(Path(folder), sizes, options.seed, options.jobs, options.only)
        )
    seconds = time.perf_counter() - started
    wrong = [finding for finding in findings if not finding.right]
    for finding in wrong:
        print(f"{finding.verdict}: {finding.fault}\n    {finding.said}")
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
