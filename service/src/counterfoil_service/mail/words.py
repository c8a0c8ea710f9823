# SPDX-License-Identifier: Apache-2.0
"""Names as a mail may show them: strangers choose them, and mail programs make links of bare text."""

import re
import unicodedata
from typing import Final

_LONGEST_NAME: Final = 64

# Letters, marks, numbers and pictures; of punctuation only what no mail program takes for part of a link.
_PLAIN_CATEGORIES: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "So", "Sk"})
_PLAIN_PUNCTUATION: Final = frozenset(" '’-_,()&#!?+.")  # noqa: RUF001 - the typographic apostrophe of "Anna's Mac"
_STAND_IN: Final = "\N{MIDDLE DOT}"
_INNER_DOT: Final = re.compile(r"\.(?=\S)")
_TELEPHONE_NUMBER: Final = re.compile(r"\+?\d(?:[\W_]*\d){6,}")


def harmless(name: str) -> str:
    """A stranger's words in a form that no mail program turns into something to press.

    Anybody may have a mail sent to any address, with a label of their choosing: that is a free ride for
    "call +1 800 …" and "evil.example". Escaping does not help, since mail programs make links out of bare text, and
    zero-width joints are often dropped before they look for links. So characters that can make up a link (dots inside
    words, colons, slashes, at signs, and all that resembles them) visibly become a middle dot, which is no part of
    any address; digits enough to be dialled become the word for them. Compatibility forms are folded first, because
    a mail program may fold them later (a fullwidth dot, a digit with a dot in one character).
    """
    folded = unicodedata.normalize("NFKC", name[:_LONGEST_NAME])
    # Format characters (bidi marks, joiners) go without a trace: a stand-in would look as if something stood there.
    one_line = " ".join("".join(c for c in folded if unicodedata.category(c) != "Cf").split())
    plain = "".join(c if _is_plain(c) else _STAND_IN for c in _INNER_DOT.sub(_STAND_IN, one_line))
    merged = re.sub(rf"{_STAND_IN}+", _STAND_IN, plain)
    return _TELEPHONE_NUMBER.sub("(number)", merged)[:_LONGEST_NAME].strip()


def _is_plain(character: str) -> bool:
    return character in _PLAIN_PUNCTUATION or unicodedata.category(character) in _PLAIN_CATEGORIES


def unlinked(host: str) -> str:
    """Our own host, for the eye alone: written plainly it would become a second link beside the one that counts."""
    return re.sub(r"[^\w\-]+", _STAND_IN, host)
