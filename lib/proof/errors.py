"""What stops a derivation."""


class DerivationError(Exception):
    """A step that is wrong, undecided or malformed; the message says what to do."""


class Refuted(DerivationError):  # noqa: N818
    """A step that is wrong, with the ``counterexample`` that shows it."""

    def __init__(self, place: str, counterexample: str) -> None:
        super().__init__(f"{place} does not hold {counterexample}")
        self.counterexample = counterexample


class Undecidable(Exception):  # noqa: N818
    """Neither SymPy nor instances can tell; the message says what is in the way."""


class NoValues(Undecidable):
    """Nothing was found that satisfies the conditions."""
