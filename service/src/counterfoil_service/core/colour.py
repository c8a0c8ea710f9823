# SPDX-License-Identifier: Apache-2.0
"""Buttons in any colour that an application may choose, and still to be read by everybody (WCAG 2.2)."""

import re
from typing import Final

import msgspec

BLACK: Final = "#000000"
WHITE: Final = "#ffffff"

_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_HOVER: Final = 0.15
_SEEN: Final = 3.0
"""WCAG 1.4.11: of a button's edge against what it lies on."""


class Button(msgspec.Struct, frozen=True):
    """Colours as `#rrggbb`: the words keep a contrast of 4.5 on both backgrounds (WCAG 1.4.3)."""

    background: str
    hover: str
    ink: str
    edge: str


def is_colour(text: str) -> bool:
    """Whether it is a colour and nothing else: it stands in stylesheets."""
    return _COLOUR.fullmatch(text) is not None


def button(colour: str, *, paper: str, edge: str) -> Button:
    """A button on this paper. Where the colour is nearly the paper's, `edge` is drawn around it."""
    # One of the two always has 4.58, the least that can be: that of a grey half-way between them.
    ink = max(WHITE, BLACK, key=lambda each: contrast(each, colour))
    # Away from its words, so that they are read even better.
    hover = _mixed(colour, BLACK if ink == WHITE else WHITE)
    return Button(colour, hover, ink, colour if contrast(colour, paper) >= _SEEN else edge)


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB's own figures


def _mixed(colour: str, other: str) -> str:
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * _HOVER):02x}" for one, two in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
