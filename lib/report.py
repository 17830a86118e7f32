"""The report's equations and answers: as printed, judged, corrected and checked.

    equation(11)    equation (11), a ``Claim``
    answer(3)       the answer to question 3
    concordance()   all of them as a table

The claims themselves stand in one module for each part of the report.
"""

from __future__ import annotations

from dataclasses import dataclass

from lib.claims import Claim, Decision, Part, Statement
from lib.report_vae_answers import PART as VAE_ANSWERS
from lib.report_vae_equations import PART as VAE_EQUATIONS

__all__ = [
    "Claim",
    "Decision",
    "Statement",
    "answer",
    "claims",
    "concordance",
    "equation",
]

PARTS: tuple[Part, ...] = (VAE_EQUATIONS, VAE_ANSWERS)


def equation(number: int) -> Claim:
    """Equation ``number`` of the report."""
    return _find(str(number), "equation")


def answer(number: int) -> Claim:
    """The report's answer to question ``number``."""
    return _find(f"Q{number}", "answer")


def claims() -> list[Claim]:
    """Every claim, equations before answers, each in the report's order."""
    numbers = [number for part in PARTS for number in part.builders]
    ordered = sorted(numbers, key=lambda n: ("Q" in n, int(n.removeprefix("Q"))))
    return [_find(number, "claim") for number in ordered]


def _find(number: str, kind: str) -> Claim:
    for part in PARTS:
        if number in part.builders:
            return part[number]
    raise LookupError(f"no {kind} {number.removeprefix('Q')} in the registry")


@dataclass(frozen=True)
class Concordance:
    """A table of claims for a notebook to display, each checked as its row is made."""

    rows: tuple[Claim, ...]

    def __repr__(self) -> str:
        return f"Concordance({len(self.rows)} claims)"

    def _repr_markdown_(self) -> str:
        head = "| claim | as the report has it, and what holds |\n|---|---|"
        return "\n".join([head, *map(_row, self.rows)])


def concordance() -> Concordance:
    """Every claim of the report in a table."""
    return Concordance(tuple(claims()))


def _row(claim: Claim) -> str:
    page = claim.chapter.split("/")[-1].replace("_", " ")
    name = f"({claim.number})" if claim.label else claim.number
    first = [f"**{name}** {claim.verdict}", f"[{page}](../{claim.chapter}.ipynb)"]
    if claim.label:
        first.append(f"{{eq}}`{claim.label}`")
    second = [claim.claim] if claim.claim else []
    if claim.printed and claim.printed != claim.corrected:
        second.append(_inline(claim.printed))
        printed = claim.check_printed()
        if not printed.holds:
            second.append(f"*It fails:* `{printed.counterexample}`")
    if claim.correction:
        second.append(f"**What holds:** {claim.correction}")
    second += [_inline(statement) for statement in claim.statements]
    second.append(f"*Checked {claim.check().how} ({claim.scope}).*")
    return f"| {_cell(first)} | {_cell(second)} |"


def _cell(lines: list[str]) -> str:
    return "<br>".join(lines).replace("|", r"\|")


def _inline(statement: Statement) -> str:
    """Its LaTeX for a table's cell, in which a bar would end the cell."""
    latex = statement.block.strip("$").replace("\n", " ").strip()
    latex = latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
    return rf"$\displaystyle {latex}$"
