"""``python -m lib.bench``, or ``make bench``: status 1 where a bound is missed.

It prints one table of all parts, and writes it as JSON into ``_build/bench.json``, or
where ``--json`` says.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from lib.training import records

from . import digits, processes, translation
from .result import Result, as_json, table

PARTS = (digits, translation, processes)


def main(arguments: list[str]) -> int:
    """Print each result as its part is done, and then all of them as one table."""
    parser = argparse.ArgumentParser(prog="python -m lib.bench", description=__doc__)
    parser.add_argument("--json", type=Path, default=Path("_build/bench.json"))
    target: Path = parser.parse_args(arguments).json
    try:
        records.make_folder(target.parent)
        results: list[Result] = []
        for part in PARTS:
            for result in part.checks():
                print("met   " if result.met else "MISSED", result, flush=True)
                results.append(result)
        print(f"\n{table(results)}\n")
        where = records.provenance(torch.device("cpu"))
        content = {"provenance": where, "results": [as_json(r) for r in results]}
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        records.write_atomically(target, text.encode())
    except records.RecordError as error:
        print(f"python -m lib.bench: {error}", file=sys.stderr)
        return 2
    print(f"on {where['device_name']}, {where['threads']} threads; also in {target}")
    return int(not all(result.met for result in results))


if __name__ == "__main__":  # pragma: no cover (all of it takes minutes)
    sys.exit(main(sys.argv[1:]))
