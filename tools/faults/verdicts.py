"""What a fault came to: refused in one line, without effect, or something worse."""

import re
import signal
from collections.abc import Iterable
from enum import StrEnum

from lib.experiments.table import EXPERIMENTS

from .processes import Said


class Verdict(StrEnum):
    """The columns of the table."""

    REFUSED = "refused"
    SAME = "same result"
    ASKED = "as asked"  # other content was to be taken, and was
    OTHER = "other result"
    TRACEBACK = "traceback"
    LINES = "several lines"
    MISLEADING = "misleading"
    UNCALLED = "refused wrongly"
    CRASH = "crash"
    HUNG = "hung"
    REPLACED = "file replaced"
    LEFT = "left-overs"


RIGHT = (Verdict.REFUSED, Verdict.SAME, Verdict.ASKED)

# What a run says while all is well: "vae-digits: record in runs/…".
PROGRESS = re.compile(rf"({'|'.join(EXPERIMENTS)}): ")
# No damage is mended by these, and each sounds as if it could be.
WRONG_REMEDIES = ("learning rate", "JSON compliant", "unexpected", "NoneType", "object")


def refusal(said: Said, names: Iterable[str]) -> Verdict | None:
    """What a process that did not succeed said; None of one that ended with 0.

    Its last line, and no other but those of its progress, has to be the error with
    each of the ``names`` in it.
    """
    if said.status == -signal.SIGALRM:
        return Verdict.HUNG
    if said.status < 0:
        return Verdict.CRASH
    if "Traceback (most recent call last)" in said.err:
        return Verdict.TRACEBACK
    if said.status == 0:
        return None
    if said.status != 2:
        return Verdict.CRASH
    *before, last = said.err.splitlines() or [""]
    if not all(map(PROGRESS.match, before)):
        return Verdict.LINES
    if not last.startswith("error: ") or said.out:
        return Verdict.LINES
    named = all(name in last for name in names)
    if not named or any(remedy in last for remedy in WRONG_REMEDIES):
        return Verdict.MISLEADING
    return Verdict.REFUSED
