"""The report's equations and answers: as printed, judged, corrected and checked.

    equation(11)    equation (11), a ``Claim``
    answer(3)       the answer to question 3
    Concordance()   all of them as a table

The claims themselves stand in one module for each part of the report.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .claims import VERDICTS, Claim, Decision, Part, Statement
from .gan.answers import PART as GAN_ANSWERS
from .gan.equations import PART as GAN_EQUATIONS
from .transformer.answers import PART as TRANSFORMER_ANSWERS
from .transformer.equations import PART as TRANSFORMER_EQUATIONS
from .vae.answers import PART as VAE_ANSWERS
from .vae.equations import PART as VAE_EQUATIONS

__all__ = [
    "Claim",
    "Concordance",
    "Decision",
    "Statement",
    "all_claims",
    "answer",
    "equation",
]

PARTS: tuple[Part, ...] = (
    VAE_EQUATIONS,
    VAE_ANSWERS,
    GAN_EQUATIONS,
    GAN_ANSWERS,
    TRANSFORMER_EQUATIONS,
    TRANSFORMER_ANSWERS,
)


def equation(number: int) -> Claim:
    """Equation ``number`` of the report."""
    return _find(str(number), "equation")


def answer(number: int) -> Claim:
    """The report's answer to question ``number``."""
    return _find(f"Q{number}", "answer")


def all_claims() -> list[Claim]:
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
    """The verdicts counted, a table of claims, and each in full, its check run.

    ``rows`` are the claims, if not all.
    """

    rows: tuple[Claim, ...] = field(default_factory=lambda: tuple(all_claims()))

    def __repr__(self) -> str:
        return f"Concordance({len(self.rows)} claims)"

    def _repr_markdown_(self) -> str:
        head = "| claim | verdict | derived in | checked |\n|---|---|---|---|"
        table = "\n".join([head, *map(_row, self.rows)])
        return "\n\n".join([self.count, table, *map(_entry, self.rows)])

    @property
    def count(self) -> str:
        """How many claims got which verdict, in one sentence."""
        found = Counter(claim.verdict for claim in self.rows)
        parts = ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS)
        return f"{len(self.rows)} claims: {parts}."


def _row(claim: Claim) -> str:
    page = claim.chapter.split("/")[-1].replace("_", " ")
    place = f"[{page}](../{claim.chapter}.ipynb)"
    if claim.label:
        place += f", {{eq}}`{claim.label}`"
    checked = f"{claim.check().how} ({claim.scope})"
    title = f"[{claim.title}](#{_anchor(claim)})"
    return f"| {title} | {claim.verdict} | {place} | {checked} |"


def _entry(claim: Claim) -> str:
    return f"---\n\n({_anchor(claim)})=\n{claim._repr_markdown_()}"


def _anchor(claim: Claim) -> str:
    return f"claim-{claim.number.lower()}"
