"""A claim as the concordance prints it: a mark in the summary, and an entry."""

from html import escape

from .claims import Claim, Decision, Finding, How

SIGNS: dict[Finding, str] = {"correct": "✓", "sloppy": "≈", "wrong": "✗"}
PARTS = {
    "vae": "Variational autoencoders",
    "gan": "Generative adversarial networks",
    "transformer": "Transformers",
}
# Why something that is printed rightly is right, where nothing else is said.
REASONS: dict[How, str] = {
    "by normal form": "Its sides are rewritten into one and the same normal form.",
    "by SymPy": "SymPy's own rules turn its sides into each other.",
    "at random instances": "Its sides agree wherever they were compared.",
    "numerically": "Its sides agree at each point at which they were integrated.",
}


def anchor(claim: Claim) -> str:
    """By which name the entry is linked to."""
    return f"claim-{claim.number.lower()}"


def part(claim: Claim) -> str:
    """The part of the report, and of this book, that the claim belongs to."""
    return PARTS[claim.chapter.split("/")[0]]


def sign(verdict: Finding) -> str:
    """The verdict as a coloured sign, for whom the word beside it is hidden from."""
    return f'<span class="verdict {verdict}" aria-hidden="true">{SIGNS[verdict]}</span>'


def mark(claim: Claim) -> str:
    """A link to the entry that shows number and verdict, as an item of a list."""
    name = escape(f"{claim.title}: {claim.verdict}")
    return (
        f'<li><a class="claim-mark {claim.verdict}" href="#{anchor(claim)}" '
        f'data-verdict="{claim.verdict}" data-part="{part(claim)}" '
        f'aria-label="{name}" title="{name}">{sign(claim.verdict)} '
        f"{claim.number.removeprefix('Q')}</a></li>"
    )


def entry(claim: Claim) -> str:
    """What was printed, what is true, why, how that was checked, and where it stands.

    The check runs. In Markdown, under a heading of the third level.
    """
    checked = claim.check()
    parts = [f"({anchor(claim)})=\n### {claim.title}: {claim.verdict}", _place(claim)]
    if claim.claim:
        parts.append(f"**The report says:** {claim.claim}")
    parts += _printed(claim)
    parts.append(f"**Why:** {claim.correction or REASONS[checked.how]}")
    if claim.repeats:
        parts.append(
            f"It is the slip of [equation {claim.repeats}](#claim-{claim.repeats})."
        )
    if claim.printed != claim.corrected:
        parts += ["**Corrected:**", claim.corrected.block]
    parts += [statement.block for statement in claim.also]
    parts.append(f"**Checked** {checked.how} ({claim.scope}).")
    return "\n\n".join(parts)


def _place(claim: Claim) -> str:
    """Its sign, and the section where the book derives it, or speaks of it."""
    shown = f"answer({claim.number.removeprefix('Q')})"
    place = f"{{section}}`{claim.chapter}: {claim.label or shown}`"
    if claim.label:
        place += f", {{eq}}`{claim.label}`"
    return f"{sign(claim.verdict)} {part(claim)}: {place}"


def _printed(claim: Claim) -> list[str]:
    """What the report prints, and where it fails if it does."""
    if claim.printed is None:
        return []
    parts = ["**As printed:**", claim.printed.block]
    found: Decision = claim.printed.decide()
    if not found.holds:
        parts.append(f"It fails: `{found.counterexample}`.")
    return parts
