"""The report's equations and answers: as printed, judged, corrected and checked.

    equation(11)    equation (11), a ``Claim``
    answer(3)       the answer to question 3
    concordance()   all of them as a table

The claims themselves stand in one module for each part of the report.
"""

from __future__ import annotations

from lib.claims import Claim, Decision, Part, Statement
from lib.report_vae_answers import PART as VAE_ANSWERS
from lib.report_vae_equations import PART as VAE_EQUATIONS

__all__ = ["Claim", "Decision", "Statement", "answer", "claims", "equation"]

PARTS: tuple[Part, ...] = (VAE_EQUATIONS, VAE_ANSWERS)


def equation(number: int) -> Claim:
    """Equation ``number`` of the report."""
    return _find(str(number), "equation")


def answer(number: int) -> Claim:
    """The report's answer to question ``number``."""
    return _find(f"Q{number}", "answer")


def claims() -> list[Claim]:
    """Every claim, equations before answers, each in the report's order."""
    numbers = [n for part in PARTS for n in part.builders]
    ordered = sorted(
        numbers, key=lambda n: (n.startswith("Q"), int(n.removeprefix("Q")))
    )
    return [_find(n, "claim") for n in ordered]


def _find(number: str, kind: str) -> Claim:
    for part in PARTS:
        if number in part.builders:
            return part[number]
    raise KeyError(f"no {kind} {number} in the registry")
