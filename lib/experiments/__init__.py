"""What was run? The table of frozen configurations, and how each kind is run.

vae, iwae, gan, translation, norms  the kinds: configuration, training, judgement
quality     are made digits good, new, and of every kind?
table, run  the experiments by name, and how one leaves its record
"""

from .samples import samples_figure
from .table import EXPERIMENTS

__all__ = [
    "EXPERIMENTS",
    "gan",
    "norms",
    "quality",
    "samples_figure",
    "translation",
    "vae",
]
