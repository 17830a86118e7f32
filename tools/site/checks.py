"""How the book's steps and claims were checked: counted in the stored outputs.

Each derivation says under its last line how many steps were decided in which way, and
each entry of the concordance how its claim was; both were written by the check itself.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterable

from lib.proof.instances import ENOUGH
from tools.digest import RECORDS

from .contents import Chapter, chapters, shown, stored_cells

SUMMARY = re.compile(r"^\*(\d+) steps? checked(.+)\.\*(?: `[\w-]+`)?$", re.MULTILINE)
WAYS = {
    "normal form": "by normal form",
    "SymPy": "by SymPy",
    "instances": "at random instances",
}
CLAIM = re.compile(r"^\*\*Checked\*\* ([a-zA-Z ]+) \((\w+)", re.MULTILINE)
CONCORDANCE = "appendix/concordance"


def steps(text: str) -> list[Counter[str]]:
    """For each derivation that a text shows, its steps by the way they were decided."""
    return [_ways(int(total), said) for total, said in SUMMARY.findall(text)]


def _ways(total: int, said: str) -> Counter[str]:
    """The ways of ", by SymPy" or ": 1 by normal form, 1 marked *, at random ..."."""
    used = [way for way, words in WAYS.items() if words in said]
    counts = [int(n) for n in re.findall(r"(\d+) (?:by|marked)", said)] or [total]
    found = Counter(dict(zip(used, counts, strict=True)))
    if found.total() != total:
        raise ValueError(f"{total} steps checked{said}: the ways do not add up")
    return found


def derivations(of: Iterable[Chapter]) -> list[Counter[str]]:
    return [found for c in of for cell in c.cells for found in steps(shown(cell))]


def table() -> str:
    """A row for each chapter: its steps, those proved, and those only tried."""
    head = "| chapter | steps | proved | tried |\n|---|--:|--:|--:|"
    rows = [
        f"| {{doc}}`/book/{c.name}` | {_numbers(derivations([c]))} |"
        for c in chapters()
    ]
    return "\n".join(
        [head, *rows, f"| together | {_numbers(derivations(chapters()))} |"]
    )


def _numbers(found: list[Counter[str]]) -> str:
    total = sum(found, Counter())
    tried = total["instances"]
    return f"{total.total()} | {total.total() - tried} | {tried}"


@functools.cache
def counts() -> dict[str, int]:
    """What {counted} knows: how much there is of what, by name."""
    found = derivations(chapters())
    total = sum(found, Counter())
    claims = CLAIM.findall("\n".join(map(shown, stored_cells(CONCORDANCE))))
    ways = Counter(how for how, _ in claims)
    cells = [cell for c in chapters() for cell in c.cells if cell.cell_type == "code"]
    return {
        "derivations": len(found),
        "steps": total.total(),
        "steps proved": total["normal form"] + total["SymPy"],
        "steps by normal form": total["normal form"],
        "steps by SymPy": total["SymPy"],
        "steps at instances": total["instances"],
        "instances of a step": ENOUGH,
        "claims": len(claims),
        "claims by normal form": ways["by normal form"],
        "claims by SymPy": ways["by SymPy"],
        "claims at instances": ways["at random instances"],
        "claims by numbers": ways["numerically"],
        "claims in general": sum(scope == "general" for _, scope in claims),
        "claims in special cases": sum(scope != "general" for _, scope in claims),
        "cells": len(cells),
        "figures": sum(_is_picture(cell) for cell in cells),
        "records": len(list(RECORDS.glob("*.json"))),
    }


def _is_picture(cell: object) -> bool:
    outputs = getattr(cell, "outputs", ())
    return any("image/png" in output.get("data", {}) for output in outputs)
