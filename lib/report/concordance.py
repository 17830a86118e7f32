"""The report's equations and answers: as printed, judged, corrected and checked.

    equation(11)    equation (11), a ``Claim``
    answer(3)       the answer to question 3
    Summary()       their verdicts, counted, with a mark for each
    Concordance()   all of them in full

The claims themselves stand in one module for each part of the report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .claims import VERDICTS, Claim, Decision, Part, Statement
from .entries import entry, mark
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
    "Summary",
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
class Summary:
    """How many equations and answers got which verdict, and a mark for each."""

    claims: tuple[Claim, ...] = field(default_factory=lambda: tuple(all_claims()))

    def __repr__(self) -> str:
        return f"Summary({len(self.claims)} claims)"

    def _repr_markdown_(self) -> str:
        return "\n\n".join(
            f"{count(claims, kind)}{_counted_twice(claims)}\n\n{_marks(claims, kind)}"
            for kind, claims in kinds(self.claims)
        )


@dataclass(frozen=True)
class Concordance:
    """Each claim in full, under a heading, its check run: equations, then answers."""

    claims: tuple[Claim, ...] = field(default_factory=lambda: tuple(all_claims()))

    def __repr__(self) -> str:
        return f"Concordance({len(self.claims)} claims)"

    def _repr_markdown_(self) -> str:
        return "\n\n".join(
            "\n\n".join([f"## {kind}", *map(entry, claims)])
            for kind, claims in kinds(self.claims)
        )


def kinds(claims: Iterable[Claim]) -> list[tuple[str, list[Claim]]]:
    """The equations and the answers among these, each with its name, if there are."""
    found: dict[str, list[Claim]] = {"Equations": [], "Answers": []}
    for claim in claims:
        found["Answers" if claim.number.startswith("Q") else "Equations"].append(claim)
    return [(kind, some) for kind, some in found.items() if some]


def count(claims: Sequence[Claim], kind: str) -> str:
    """How many claims of a kind got which verdict, in one sentence."""
    found = Counter(claim.verdict for claim in claims)
    parts = ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS)
    name = kind.lower() if len(claims) > 1 else kind.lower().removesuffix("s")
    return f"{len(claims)} {name}: {parts}."


def _counted_twice(claims: Sequence[Claim]) -> str:
    """Which answers have the slip of an equation, so that it is in both counts."""
    pairs = {c.number.removeprefix("Q"): c.repeats for c in claims if c.repeats}
    if not pairs:
        return ""
    listed = ", ".join(f"{own} that of {other}" for own, other in pairs.items())
    return f" Some have the slip of an equation, which counts in both lists: {listed}."


def _marks(claims: Iterable[Claim], kind: str) -> str:
    marks = "\n".join(map(mark, claims))
    return f'<ol class="marks" aria-label="{kind}">\n{marks}\n</ol>'
