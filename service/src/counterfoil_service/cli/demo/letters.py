# SPDX-License-Identifier: Apache-2.0
"""A user code in letters large enough to be read from across a desk."""

WIDTH = 5
HEIGHT = 6
# One number a row, its bits the pixels from left to right; the twenty letters of RFC 8628 §6.1 and the hyphen.
_GLYPHS = {
    "B": (30, 17, 30, 17, 17, 30),
    "C": (15, 16, 16, 16, 16, 15),
    "D": (30, 17, 17, 17, 17, 30),
    "F": (31, 16, 30, 16, 16, 16),
    "G": (15, 16, 19, 17, 17, 15),
    "H": (17, 17, 31, 17, 17, 17),
    "J": (7, 1, 1, 1, 17, 14),
    "K": (17, 18, 28, 18, 17, 17),
    "L": (16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 17, 17, 17),
    "N": (17, 25, 21, 19, 17, 17),
    "P": (30, 17, 17, 30, 16, 16),
    "Q": (14, 17, 17, 21, 18, 13),
    "R": (30, 17, 17, 30, 18, 17),
    "S": (15, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4),
    "V": (17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 27, 17),
    "X": (17, 10, 4, 4, 10, 17),
    "Z": (31, 2, 4, 8, 16, 31),
    "-": (0, 0, 14, 0, 0, 0),
}
_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def large(code: str) -> list[str]:
    """The code as three lines of block characters, two pixels high each."""
    return ["  ".join(_line(_GLYPHS[letter], row) for letter in code) for row in range(0, HEIGHT, 2)]


def _line(glyph: tuple[int, ...], row: int) -> str:
    upper, lower = glyph[row], glyph[row + 1]
    bits = range(WIDTH - 1, -1, -1)
    return "".join(_HALVES[upper >> bit & 1, lower >> bit & 1] for bit in bits)
