# SPDX-License-Identifier: Apache-2.0
"""What is hashed of an audit event: the bytes of one leaf of the log (RFC 8785 within RFC 9162).

A leaf holds no null and no default: what is absent is left out. A null would say no more, would be hashed, stored and
sent with most events, and would give a reader two ways to ask whether there is a value. A member that is added one day
is then simply absent from all older leaves, whose bytes stay what they are.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent
from counterfoil_service.core.canonical_json import LARGEST, canonical
from counterfoil_service.core.identifiers import base64url, unbase64url

VERSION: Final = 1
MAX_BYTES: Final = 65_535
"""An entry of a tlog-tiles bundle has its length in a uint16 before it [R128]."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = _EPOCH.replace(tzinfo=None)
_VERSION_MEMBER: Final = b',"v":%d}' % VERSION
_MILLISECOND: Final = timedelta(milliseconds=1)
Id = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Time = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z")]


class Leaf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One event as the log keeps it; its position is the tree's, so it is not in here.

    `id` is the event's 16 bytes in hex, `time` RFC 3339 in UTC to the millisecond, `sealed` the ciphertext of the
    personal fields in base64url. `type` is no closed list: an older program must verify a newer one's log.
    """

    v: Literal[1] = VERSION
    id: Id
    time: Time
    type: str
    outcome: Literal["success", "failure"]
    reason: str | None = None
    login_id: str | None = None
    application_id: str | None = None
    session_id: str | None = None
    subject: str | None = None
    jkt: str | None = None
    fields: dict[str, str | int] = {}
    sealed: str | None = None


def leaf_of(event: AuditEvent, *, event_id: bytes, time: int, sealed: bytes | None) -> Leaf:
    """The leaf of an event; `time` is in microseconds UTC, of which the leaf keeps the milliseconds."""
    return Leaf(
        id=event_id.hex(),
        time=rfc3339(time),
        type=event.name.value,
        outcome=event.outcome,
        reason=event.reason,
        login_id=event.login_id,
        application_id=event.application_id,
        session_id=event.session_id,
        subject=event.subject,
        jkt=event.jkt,
        fields=dict(event.fields),
        sealed=None if sealed is None else base64url(sealed),
    )


def leaf_bytes(leaf: Leaf) -> bytes:
    """The canonical bytes; a `ValueError` for a leaf that could not be read back, or is longer than an entry may be.

    Both are found out before anything is written, as a leaf that is once in a log cannot be mended.
    """
    data = _spelt(leaf)
    _read(data)
    return data


def parse_leaf(data: bytes) -> Leaf:
    """The leaf that has exactly these bytes.

    A `ValueError`, in plain ASCII whatever the bytes are, for any other spelling of the same: spaces, another order, a
    null, a name twice, an escape that is not needed. What could be spelt twice could be hashed twice.
    """
    leaf = _read(data)
    if _spelt(leaf) != data:
        raise ValueError("not a leaf: another spelling of one")
    return leaf


def rfc3339(microseconds: int) -> str:
    """`2026-11-20T09:15:02.114Z`; what is below a millisecond is cut off."""
    return f"{(_NAIVE_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec='milliseconds')}Z"


def microseconds(time: str) -> int:
    """What `rfc3339` wrote so; a `ValueError` for any other text."""
    moment = milliseconds(time) * 1000
    if rfc3339(moment) != time:
        raise ValueError("not a time in UTC to the millisecond")
    return moment


def milliseconds(time: str) -> int:
    """Unix milliseconds of a leaf's `time`; a `ValueError` for a date that there is not, or one without a zone."""
    moment = datetime.fromisoformat(time)
    if moment.tzinfo is None:
        raise ValueError("not a time: it names no zone")
    return (moment - _EPOCH) // _MILLISECOND


def _spelt(leaf: Leaf) -> bytes:
    _check_types(leaf)
    # msgspec spells as RFC 8785 does, in a tenth of the time, but for the order of names beyond ASCII. `v` is never
    # left out, although it has a default; no other name stands behind it.
    if all(map(str.isascii, leaf.fields)):
        data = msgspec.json.encode(leaf, order="sorted")[:-1] + _VERSION_MEMBER
    else:
        data = canonical({"v": leaf.v, **msgspec.to_builtins(leaf)})
    if len(data) > MAX_BYTES:
        raise ValueError(f"a leaf of {len(data)} bytes: {MAX_BYTES} is the most")
    return data


def _check_types(leaf: Leaf) -> None:
    """SQLite's columns hold any type, and msgspec would spell bytes as a text that is another value of the column."""
    for each in (leaf.id, leaf.time, leaf.type, leaf.outcome, leaf.reason, leaf.login_id, leaf.application_id,
                 leaf.session_id, leaf.subject, leaf.jkt, leaf.sealed, *leaf.fields):  # fmt: skip
        if each is not None and type(each) is not str:
            raise ValueError("not a leaf: a member or a name is no text")
    for value in leaf.fields.values():
        if type(value) is not str and (type(value) is not int or abs(value) > LARGEST):
            raise ValueError("not a leaf: a field is neither a text nor an integer of at most 2^53-1")
    if type(leaf.v) is not int or leaf.v != VERSION:
        raise ValueError("not a leaf: of another version")


def _read(data: bytes) -> Leaf:
    try:
        leaf = msgspec.json.decode(data, type=Leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"not a leaf: {str(error).encode('unicode_escape').decode()}") from None
    milliseconds(leaf.time)
    if leaf.sealed is not None:
        unbase64url(leaf.sealed)
    return leaf
