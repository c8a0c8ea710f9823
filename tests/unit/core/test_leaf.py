# SPDX-License-Identifier: Apache-2.0
"""A leaf has one spelling, holds nothing personal, and is refused before it is written where it cannot be read."""

import base64
import hashlib
import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.canonical_json import canonical
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.leaf import MAX_BYTES, Leaf, leaf_bytes, leaf_of, milliseconds, parse_leaf, rfc3339

ID = bytes(range(16))
TIME = 1_795_425_302_114_999
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAVES = st.builds(
    Leaf,
    id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    time=st.integers(0, 253_402_300_799_999_999).map(rfc3339),
    type=TEXTS,
    outcome=st.sampled_from(["success", "failure"]),
    reason=st.none() | TEXTS,
    login_id=st.none() | TEXTS,
    application_id=st.none() | TEXTS,
    session_id=st.none() | TEXTS,
    subject=st.none() | TEXTS,
    jkt=st.none() | TEXTS,
    fields=st.dictionaries(TEXTS, TEXTS | st.integers(-(2**53) + 1, 2**53 - 1), max_size=4),
    sealed=st.none() | st.just("AAAA"),
)
BARE = b'{"id":"%b","outcome":"success","time":"2026-11-23T09:15:02.114Z","type":"login.expired","v":1}' % (
    ID.hex().encode()
)


def bare(**changed: Any) -> Leaf:
    return msgspec.structs.replace(parse_leaf(BARE), **changed)


def personal_spellings(value: str) -> set[bytes]:
    """A personal value, and what a dictionary would be tried on: unkeyed digests in every usual spelling."""
    found = {value.encode(), value.lower().encode()}
    for text in (value, value.lower(), f"{value}\n"):
        for algorithm in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s"):
            digest = hashlib.new(algorithm, text.encode()).digest()
            found |= {digest.hex().encode(), digest.hex().upper().encode()}
            found |= {base64.b64encode(digest).rstrip(b"="), base64.urlsafe_b64encode(digest).rstrip(b"=")}
    return found


def personal_in(data: bytes, values: "list[str]") -> list[str]:
    """Whatever of a person is in these bytes."""
    given = [value for value in values if any(each in data for each in personal_spellings(value))]
    texts = [text for text in re.findall(r'"((?:[^"\\]|\\.)*)"', data.decode()) if not re.fullmatch(r"[\w-]+", text)]
    address, ip = r"[^\s\"@]+@[^\s\"@]+", r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*"
    moment = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"
    return given + [text for text in texts if not re.fullmatch(moment, text) and re.search(f"{address}|{ip}", text)]


def test_what_is_absent_is_left_out_and_the_version_never() -> None:
    event = AuditEvent(name=EventName.LOGIN_EXPIRED)
    assert leaf_bytes(leaf_of(event, event_id=ID, time=TIME, sealed=None)) == BARE


def test_a_leaf_holds_every_part_of_its_event_but_the_personal_in_clear() -> None:
    event = CATALOGUE[EventName.SESSION_KEY_MISMATCH].example
    members = json.loads(leaf_bytes(leaf_of(event, event_id=ID, time=TIME, sealed=b"\xff\xfe")))
    assert members == {
        "v": 1,
        "id": ID.hex(),
        "time": "2026-11-23T09:15:02.114Z",
        "type": "session.key_mismatch",
        "outcome": "failure",
        "reason": "other_key",
        "login_id": event.login_id,
        "application_id": event.application_id,
        "session_id": event.session_id,
        "subject": event.subject,
        "jkt": event.jkt,
        "fields": {"at": "token"},
        "sealed": "__4",
    }
    assert set(members) == set(Leaf.__struct_fields__)


@pytest.mark.parametrize("name", list(EventName))
def test_no_leaf_of_any_event_holds_an_address_or_an_unkeyed_hash_of_one(name: EventName) -> None:
    event = CATALOGUE[name].example
    values = [*event.personal.values(), "ada@example.com", "192.0.2.7", "198.51.100.9", "2001:db8::7"]
    data = leaf_bytes(leaf_of(event, event_id=ID, time=TIME, sealed=b"ciphertext" if event.personal else None))
    assert personal_in(data, values) == []


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.personal])
@pytest.mark.parametrize(
    "leak",
    [
        "ada@example.com",
        "192.0.2.7",
        "2001:db8::7",
        hashlib.sha256(b"ada@example.com").hexdigest(),
        base64.urlsafe_b64encode(hashlib.sha256(b"192.0.2.7").digest()).decode().rstrip("="),
        "someone.else@example.org",
        "203.0.113.80",
    ],
)
def test_the_look_for_personal_data_sees_a_planted_one(name: EventName, leak: str) -> None:
    event = CATALOGUE[name].example
    planted = msgspec.structs.replace(event, fields={**event.fields, "note": leak})
    data = leaf_bytes(leaf_of(planted, event_id=ID, time=TIME, sealed=b""))
    assert personal_in(data, ["ada@example.com", "192.0.2.7", "2001:db8::7"]) != []


@given(LEAVES)
def test_every_leaf_is_read_back_from_its_bytes(leaf: Leaf) -> None:
    data = leaf_bytes(leaf)
    assert parse_leaf(data) == leaf
    assert b"\n" not in data
    assert b"null" not in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", data)


@given(LEAVES)
@example(parse_leaf(BARE.replace(b'"id"', '"fields":{"\U0001f600":1,"\ufb33":2},"id"'.encode())))
def test_a_leaf_is_spelt_as_rfc_8785_has_it(leaf: Leaf) -> None:
    assert leaf_bytes(leaf) == canonical({"v": 1, **msgspec.to_builtins(leaf)})


@given(LEAVES, st.data())
def test_no_bytes_but_the_leafs_own_are_read_as_this_leaf(leaf: Leaf, data: st.DataObject) -> None:
    good = leaf_bytes(leaf)
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    try:
        other = parse_leaf(bytes(bad))
    except ValueError:
        return
    assert other != leaf
    assert leaf_bytes(other) == bytes(bad)


@pytest.mark.parametrize(
    "spelling",
    [
        BARE + b"\n",
        b" " + BARE,
        BARE.replace(b",", b", "),
        BARE.replace(b'"v":1', b'"v":1.0'),
        BARE.replace(b'"v":1', b'"v":true'),
        BARE.replace(b'"v":1', b'"v":2'),
        BARE.replace(b',"v":1', b""),
        BARE.replace(b',"v":1', b',"v":1,"v":1'),
        BARE.replace(b'"id"', b'"fields":{},"id"'),
        BARE.replace(b'"id"', b'"jkt":null,"id"'),
        BARE.replace(b'"outcome"', b'"jkt":null,"outcome"'),
        BARE.replace(b"login.expired", b"login\\u002eexpired"),
        BARE.replace(b'"id"', b'"\\u0069d"'),
        BARE.replace(b"success", b"maybe"),
        BARE.replace(b'"id":"00', b'"id":"0'),
        BARE.replace(b"0a0b0c", b"0A0B0C"),
        BARE.replace(b"114Z", b"114+00:00"),
        BARE.replace(b"114Z", b"114999Z"),
        BARE.replace(b"114Z", b"114Z\\n"),
        BARE.replace(b"-11-23", b"-02-30"),
        BARE.replace(b"T09", b"T25"),
        BARE.replace(b'"type"', b'"sealed":"AB","time":"x","type"'),
        BARE.replace(b'"time"', b'"sealed":"AB","time"'),
        BARE.replace(b'"time"', b'"sealed":"AAAA==","time"'),
        BARE.replace(b'"time"', b'"sealed":"A+/A","time"'),
        BARE.replace(b'"time"', b'"seq":7,"time"'),
        BARE.replace(b'"id"', b'"fields":{"a":1.5},"id"'),
        BARE.replace(b'"id"', b'"fields":{"a":null},"id"'),
        BARE.replace(b'"id"', b'"fields":{"a":9007199254740992},"id"'),
        BARE.replace(b'"id"', b'"fields":{"a":{"b":1}},"id"'),
        BARE.replace(b'"id"', b'"fields":{"b":1,"a":1},"id"'),
        BARE.replace(b'"id"', b'"fields":{"a":1,"a":1},"id"'),
        BARE.replace(b"login", b"log\xffin"),
        BARE.replace(b"login", b"\\ud800"),
        BARE + BARE,
        b"",
        b"[]",
        b"null",
        b"\xef\xbb\xbf" + BARE,
    ],
)
def test_another_spelling_is_no_leaf(spelling: bytes) -> None:
    assert spelling != BARE
    with pytest.raises(ValueError, match=r"leaf|canonical|isoformat|hour|day|base64"):
        parse_leaf(spelling)


@pytest.mark.parametrize(
    ("spelling", "told"),
    [
        (BARE.replace(b"success", "\\u001b[31m\u202e".encode()), "not a leaf: Invalid enum value"),
        (BARE.replace(b'"id"', b'"\\u001b":7,"id"'), r"unknown field `\x1b`"),
        (BARE.replace(b'"time"', b'"seq":7,"time"'), "unknown field `seq`"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_writes_nothing_strange_to_a_terminal(spelling: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as no:
        parse_leaf(spelling)
    assert str(no.value).isascii()
    assert str(no.value).isprintable()


def test_a_leaf_may_be_as_long_as_an_entry_of_a_bundle_and_no_longer() -> None:
    room = MAX_BYTES - len(BARE) - len(',"reason":""')
    assert len(leaf_bytes(bare(reason="x" * room))) == MAX_BYTES == 65_535
    parse_leaf(leaf_bytes(bare(reason="x" * room)))
    with pytest.raises(ValueError, match="65535 is the most"):
        leaf_bytes(bare(reason="x" * (room + 1)))
    with pytest.raises(ValueError, match="65535 is the most"):
        parse_leaf(BARE.replace(b'"time"', b'"reason":"%b","time"' % (b"x" * (room + 1))))


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "00"},
        {"id": ID.hex().upper()},
        {"id": f"{ID.hex()}\n"},
        {"time": "2026-11-23T09:15:02.114Z\n"},
        {"time": "2026-11-23 09:15:02"},
        {"time": "2026-11-31T09:15:02.114Z"},
        {"outcome": "perhaps"},
        {"fields": {"a": 2**53}},
        {"fields": {"a": None}},
        {"fields": {"a": True}},
        {"reason": "\ud800"},
        {"sealed": "not base64url!"},
        {"v": 2},
        {"v": True},
        {"id": None},
        {"reason": b"bytes, as SQLite lets a column of texts hold"},
        {"sealed": b"AAAA"},
        {"type": 7},
        {"fields": {"a": b"bytes"}},
        {"fields": {"a": 1.5}},
        {"fields": {7: "a"}},
    ],
)
def test_what_could_not_be_read_back_is_refused_before_it_is_hashed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"leaf|canonical|surrogates|day|base64|bytes"):
        leaf_bytes(bare(**wrong))


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.000Z"),
        (1_000, "1970-01-01T00:00:00.001Z"),
        (TIME, "2026-11-23T09:15:02.114Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_time_is_told_to_the_millisecond_and_read_back(microseconds: int, text: str) -> None:
    assert rfc3339(microseconds) == text
    assert milliseconds(text) == microseconds // 1000


def test_a_leaf_of_a_kind_that_only_a_newer_program_knows_is_read() -> None:
    assert parse_leaf(BARE.replace(b"login.expired", b"witness.asked")).type == "witness.asked"
