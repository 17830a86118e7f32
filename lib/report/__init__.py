"""What did the report say? Its 39 equations and 20 answers: judged, and corrected.

Each part (``vae``, ``gan``, ``transformer``) has its ``symbols``, in which its
``equations`` and ``answers`` are stated and which its chapters use.
"""

from .claims import state
from .concordance import Concordance, Summary, all_claims, answer, equation

__all__ = ["Concordance", "Summary", "all_claims", "answer", "equation", "state"]
