"""What a run can tell a network: which kinds of parts there are, and its sizes.

Nothing here needs PyTorch, so that a run can be refused before it is loaded.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

ActivationName = Literal["identity", "relu", "leaky relu", "tanh", "sigmoid"]
LossName = Literal["saturating", "non-saturating"]  # of the generator
Placement = Literal["post", "res_post", "pre", "sandwich", "none"]  # of LayerNorm
Tag = Literal["source", "target"]  # where the wanted language is named


def require_range(
    config: object, names: Iterable[str], least: int, most: float = math.inf
) -> None:
    """Raises ValueError for a field, or an entry of one, that is less or more.

    Each is a whole number.
    """
    for name in names:
        field = getattr(config, name)
        for value in field if isinstance(field, tuple) else (field,):
            if not isinstance(value, int) or isinstance(value, bool):
                raise ValueError(f"{name} must be a whole number, not {value!r}")
            if value < least:
                raise ValueError(f"{name} must be at least {least}, not {value}")
            if value > most:
                raise ValueError(f"{name} must be at most {most}, not {value}")


def require_share(config: object, name: str) -> None:
    """Raises ValueError for a field that is no number from 0 to below 1."""
    value = getattr(config, name)
    if not is_number(value) or not 0 <= value < 1:
        raise ValueError(f"{name} must lie in [0, 1), not {value!r}")


def require_truth(config: object, names: Iterable[str]) -> None:
    """Raises ValueError for a field that is neither true nor false."""
    for name in names:
        if not isinstance(value := getattr(config, name), bool):
            raise ValueError(f"{name} must be true or false, not {value!r}")


def is_number(value: object) -> bool:
    """Whether it is a number, finite and real, and no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def require_choice(config: object, name: str, known: Iterable[str]) -> None:
    """Raises ValueError for a field that is none of what is known."""
    value = getattr(config, name)
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}")


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
        sizes = ("vocabulary", "width", "hidden", "heads", "longest")
        require_range(self, sizes, 1)
        require_range(self, ("encoder_layers", "decoder_layers"), 0)
        if self.width % self.heads or self.width % 2:
            raise ValueError(
                f"width must be even and a multiple of heads, {self.heads}, "
                f"not {self.width}"
            )
        require_choice(self, "placement", get_args(Placement))
        require_truth(self, ("final_norm", "qk_norm"))
        require_share(self, "dropout")
