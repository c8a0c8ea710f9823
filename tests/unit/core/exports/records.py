# SPDX-License-Identifier: Apache-2.0
"""Events on their way out, with whatever a stranger may have written into them."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from counterfoil_service.core.audit_event import PERSONAL_FIELDS, EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.exports.exported import Exported, Product
from counterfoil_service.core.leaf import leaf_of

PRODUCT = Product("1.2.3")
TIME = 1_795_425_302_114_000
BIDI = "\u202e\u2066\u2069\u200f\u061c"
HOSTILE = [
    "a\r\nCEF:0|x|y|z|1|2|3|",
    "a\nb\rc\r\n\r\n",
    '"] [evil@1 a="b',
    'quote " back \\ slash \\" ] end \\',
    "x=1 act=login.approved \\=\\|",
    "pipe | pipe \\|",
    '=HYPERLINK("http://x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "'=1",
    "'",
    "''",
    f"user{BIDI}gpj.exe",
    "NUL\0after",
    "\x1b[31mred\x7f\x85\u2028\u2029",
    "%0A%25 100% %E2",
    ",;\t,",
    "ada@ex\u00e4mple.com \U0001f602 \ufb33",
    "\ufeffBOM",
    " leading and trailing ",
    "<script>&amp;</script>",
    "\\",
    "]",
    '"',
    "=",
    "%",
]
TEXT = (
    st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"])) | st.text("\r\n|=]\"\\\0\u202e%'@+-, ")
)


def of(name: EventName, **changed: Any) -> Exported:
    """The catalogue's example, changed."""
    event = CATALOGUE[name].example
    personal = changed.pop("personal", dict(event.personal))
    leaf = leaf_of(event, event_id=bytes(range(16)), time=TIME, sealed=b"sealed" if event.personal else None)
    return Exported(msgspec.structs.replace(leaf, **changed), 184_023, personal)


EXAMPLES = {name: of(name) for name in EventName}


@st.composite
def exported(draw: st.DrawFn) -> Exported:
    """Any event, with hostile text wherever an event has text."""
    name = draw(st.sampled_from(list(EventName)))
    texts = {
        each: draw(st.none() | TEXT)
        for each in ("reason", "login_id", "application_id", "session_id", "subject", "jkt")
    }
    fields = draw(st.dictionaries(st.sampled_from(["name", "method", "by"]), TEXT | st.integers(0, 9)))
    personal = draw(st.none() | st.dictionaries(st.sampled_from(sorted(PERSONAL_FIELDS)), TEXT))
    return of(name, fields=fields, personal=personal, **texts)


def public_texts(record: Exported) -> dict[str, str]:
    """What every format must give back of the leaf."""
    names = ("id", "time", "type", "reason", "login_id", "application_id", "session_id", "subject", "jkt")
    return {name: value for name in names if (value := getattr(record.leaf, name)) is not None}
