"""What stops a derivation."""


class DerivationError(Exception):
    """A step that is wrong, undecided or malformed; the message says what to do."""


class Undecidable(Exception):  # noqa: N818
    """Neither SymPy nor instances can tell; the message says what is in the way."""
