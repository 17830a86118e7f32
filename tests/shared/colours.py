"""Colours as light, and the contrast of two."""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.typing import ColorType


def linear(colour: ColorType) -> np.ndarray:
    """The colour's light in red, green and blue, by the sRGB standard."""
    value = np.array(to_rgb(colour))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: ColorType, other: ColorType) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines, from 1 to 21."""
    light, dark = sorted(
        (linear(colour) @ (0.2126, 0.7152, 0.0722) for colour in (one, other)),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)
