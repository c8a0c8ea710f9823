# SPDX-License-Identifier: Apache-2.0
"""What is known of a reader of bytes that somebody else wrote, and how its input is spoilt."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

from counterfoil_service.core.errors import Refusal

T = TypeVar("T")
ODD = [
    "", "\u0000", "\n", "\r\n", "\t", " ", "\N{NO-BREAK SPACE}", "\N{LINE SEPARATOR}", "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{ZERO WIDTH NO-BREAK SPACE}", "\N{ARABIC-INDIC DIGIT THREE}", "\N{SUPERSCRIPT TWO}",
    "\N{LATIN SMALL LETTER DOTLESS I}", "\N{KELVIN SIGN}", "\ud7ff", "\U0010ffff", "\\ud800", "\\u0000", "%", "%00",
    "%c3%28", "%2e%2e", "%ed%a0%80", "..", "//", "\\", "@", ":", ";", ",", "=", "==", "&", "+", "-0", "-1", "00",
    "9" * 20, "9" * 5000, "1e999", "NaN", "Infinity", "null", "true", "[]", "{}", "[" * 2000, '{"a":' * 500, '"',
    "A" * 43, "[::1%eth0]", "127.0.0.1", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-23:59", "xn--", "\N{EM DASH}",
    "\N{LATIN SMALL LETTER E WITH ACUTE}",
]  # fmt: skip
"""What parsers have stumbled over: line ends, digits of other scripts, escapes, numbers without end, depth."""


@dataclass(frozen=True)
class Parser:
    """`reads` is the reader's place in the source, `call` what is tried, `seeds` good input of the kind that it takes.

    It gives a value or one of `errors`. `again` spells a value anew: the input itself, unless `loose`, which only asks
    that what is spelt anew is read as the same value.
    """

    reads: str
    call: Callable[[Any], object]
    seeds: tuple[str | bytes, ...]
    errors: tuple[type[Exception], ...] = ()
    again: Callable[[Any], str | bytes] | None = None
    loose: bool = False


REFUSED = (Refusal,)
WRONG = (ValueError,)


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of what has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    coroutine.close()
    raise AssertionError("it waits for something")


@st.composite
def spoilt(draw: st.DrawFn, seeds: tuple[str | bytes, ...]) -> str | bytes:
    """A seed with a few edits, or nothing like it."""
    seed = draw(st.sampled_from(seeds))
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=80)) if isinstance(seed, bytes) else draw(st.text(max_size=80))
    for _ in range(draw(st.integers(0, 4))):
        seed = _edited(draw, seed)
    return seed


def _edited(draw: st.DrawFn, text: str | bytes) -> str | bytes:
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 12)))
    if isinstance(text, bytes):
        odd = draw(st.one_of(st.sampled_from(ODD).map(str.encode), st.binary(max_size=4)))
        new = draw(st.sampled_from([odd, b"", text[start:end] * 2]))
        return text[:start] + new + text[end:]
    other = draw(st.one_of(st.sampled_from(ODD), st.text(max_size=4)))
    put = draw(st.sampled_from([other, "", text[start:end] * 2, text[start:end].swapcase()]))
    return text[:start] + put + text[end:]
