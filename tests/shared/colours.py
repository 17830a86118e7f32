"""Colours as light, and the contrast of two."""

import re

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


def shade(style: str) -> tuple[float, float, float]:
    """A colour as the browser says it, rgb(1, 2, 3), as parts of one."""
    red, green, blue = re.findall(r"\d+", style)[:3]
    return int(red) / 255, int(green) / 255, int(blue) / 255
