"""What a run can tell a network: which kinds of parts there are, and its sizes.

Nothing here needs PyTorch, so that a run can be refused before it is loaded.
"""

from dataclasses import dataclass
from typing import Literal, get_args

ActivationName = Literal["identity", "relu", "leaky relu", "tanh", "sigmoid"]
LossName = Literal["saturating", "non-saturating"]  # of the generator
Placement = Literal["post", "res_post", "pre", "sandwich", "none"]  # of LayerNorm
Tag = Literal["source", "target"]  # where the wanted language is named


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes, and where the norms stand.

    ``hidden`` is the width of the feed-forward layers. ``final_norm`` puts a LayerNorm
    at the end of encoder and decoder; ``qk_norm`` one on each head's queries and keys.
    ``longest`` is the greatest number of tokens in a row.
    """

    vocabulary: int
    width: int = 128
    hidden: int = 256
    heads: int = 4
    encoder_layers: int = 2
    decoder_layers: int = 2
    placement: Placement = "pre"
    final_norm: bool = True
    qk_norm: bool = False
    dropout: float = 0.0
    longest: int = 256

    def __post_init__(self) -> None:
        for name in ("vocabulary", "width", "hidden", "heads", "longest"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("encoder_layers", "decoder_layers"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        if self.width % self.heads or self.width % 2:
            raise ValueError("width must be even and a multiple of heads")
        if self.placement not in get_args(Placement):
            raise ValueError(
                f"placement must be one of {', '.join(get_args(Placement))}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout must lie in [0, 1)")
