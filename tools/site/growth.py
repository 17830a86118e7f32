"""How time and memory grow, as MyST text: the table beside the recorded picture."""

from typing import Any

from lib.training import records
from tools.digest import RECORDS

MEASURED = RECORDS / "growth" / "cpu.json"
MIB = 2**20


def table() -> str:
    """A row for each case, then where it was measured."""
    record = records.read(MEASURED)
    rows = [
        "| what grows | how | up to | time grows as | memory grows as | at the end |",
        "|---|---|---|---|---|---|",
        *map(_row, record["cases"].values()),
    ]
    said = record["provenance"]
    threads = f"{said['threads']} thread{'s' if said['threads'] > 1 else ''}"
    where = f"Measured on {said['device_name']} ({said['device']}, {threads})."
    return "\n".join([*rows, "", where])


def _row(case: dict[str, Any]) -> str:
    last = case["points"][-1]
    powers = (
        f"$n^{{{case[f'exponent_of_{kind}']:.2f}}}$" for kind in ("seconds", "bytes")
    )
    end = f"{last['seconds']:.2f} s, {last['bytes'] / MIB:.0f} MiB"
    cells = [case["grows"], case["way"], f"{last['size']:,}", *powers, end]
    return f"| {' | '.join(cells)} |"
