# SPDX-License-Identifier: Apache-2.0
"""Frames that a strict reader of RFC 5424 §6 takes, with every value in its place and no second line in any."""

import re
from datetime import datetime
from urllib.parse import unquote

import pytest
from hypothesis import given

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.core.exports.syslog import Origin, octet_counted, syslog
from counterfoil_service.core.leaf import milliseconds
from unit.core.exports.records import EXAMPLES, HOSTILE, exported, of, public_texts

ORIGIN = Origin("id.example", 58_999)
HEADER = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>([1-9][0-9]{0,2}) "
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})) "
    rb"([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
)
NAME = re.compile(rb"[!#-<>-\\^-~]{1,32}")
VALUE = re.compile(rb'"((?:[^"\\\]]|\\["\\\]]|\\(?!["\\\]]))*)"')


class Frame:
    """RFC 5424 §6, read octet by octet from its grammar and from nothing of ours; a ValueError for anything else."""

    def __init__(self, data: bytes) -> None:
        head = HEADER.match(data)
        if head is None or int(head[1]) > 191:
            raise ValueError("header")
        self.priority, self.version = int(head[1]), int(head[2])
        self.time, self.hostname, self.app, self.process, self.kind = (
            each.decode("ascii") for each in head.groups()[2:]
        )
        self.elements: dict[str, list[tuple[str, str]]] = {}
        self._data, self._at = data, head.end()
        while self._peek() == b"[":
            self._element()
        if not self.elements:
            raise ValueError("structured data")
        rest = data[self._at :]
        if not rest.startswith(b" \xef\xbb\xbf"):
            raise ValueError("message")
        self.message = rest[4:].decode("utf-8", "strict")

    def _peek(self) -> bytes:
        return self._data[self._at : self._at + 1]

    def _take(self, pattern: "re.Pattern[bytes]") -> bytes:
        found = pattern.match(self._data, self._at)
        if found is None:
            raise ValueError(f"octet {self._at}")
        self._at = found.end()
        return found[found.re.groups]

    def _element(self) -> None:
        self._at += 1
        name = self._take(NAME).decode("ascii")
        if name in self.elements:
            raise ValueError("SD-ID twice")
        self.elements[name] = []
        while self._peek() == b" ":
            self._at += 1
            key = self._take(NAME).decode("ascii")
            self._take(re.compile(b"="))
            value = re.sub(rb'\\(["\\\]])', rb"\1", self._take(VALUE)).decode("utf-8", "strict")
            self.elements[name].append((key, value))
        self._take(re.compile(rb"\]"))


def read(record: Exported) -> dict[str, str]:
    frame = Frame(syslog(record, ORIGIN).encode())
    (pairs,) = frame.elements.values()
    assert list(frame.elements) == ["counterfoil@58999"]
    assert len({name for name, _ in pairs}) == len(pairs)
    return {name: unquote(value, errors="strict") for name, value in pairs}


@given(exported())
def test_every_value_comes_back_through_a_strict_reader(record: Exported) -> None:
    found = read(record)
    public = public_texts(record)
    assert {name: found[name] for name in public} == public
    assert found["position"] == "184023"
    fields = {name: text for name, text in found.items() if name.startswith("fields.")}
    assert fields == {f"fields.{name}": str(value) for name, value in record.leaf.fields.items()}
    personal = {name: text for name, text in found.items() if name.startswith("personal")}
    expected = record.personal if record.personal is not None else {}
    assert personal == ({"personal": "erased"} if record.personal is None else {}) | {
        f"personal.{name}": text for name, text in expected.items()
    }
    assert set(found) == set(public) | set(fields) | set(personal) | {"position", "outcome"}


@given(exported())
def test_a_frame_is_one_line_for_whoever_writes_it_down_as_it_comes(record: Exported) -> None:
    frame = syslog(record, ORIGIN)
    assert frame.splitlines() == [frame]
    assert [each for each in frame.replace("\ufeff", "", 1) if not each.isprintable()] == []


@pytest.mark.parametrize("name", list(EventName))
def test_the_header_says_who_when_and_what(name: EventName) -> None:
    frame = Frame(syslog(EXAMPLES[name], ORIGIN).encode())
    assert (frame.version, frame.hostname, frame.app, frame.process, frame.kind) == (
        1,
        "id.example",
        "counterfoil",
        "-",
        name.value,
    )
    assert datetime.fromisoformat(frame.time).timestamp() * 1000 == milliseconds(EXAMPLES[name].leaf.time)
    assert frame.priority // 8 == 13
    assert frame.message.startswith(name.value)


def test_an_alert_is_a_warning_a_failure_is_noted_and_the_rest_informs() -> None:
    severities = {name: Frame(syslog(record, ORIGIN).encode()).priority % 8 for name, record in EXAMPLES.items()}
    assert severities[EventName.LOGIN_KEY_MISMATCH] == severities[EventName.LOGIN_REPORTED] == 4
    assert severities[EventName.LOGIN_CODE_MISMATCH] == severities[EventName.LOGIN_DENIED] == 5
    assert severities[EventName.SESSION_CREATED] == 6


@pytest.mark.parametrize("number", [32473, 0, -1, 2**32])
def test_a_number_that_is_not_the_operators_own_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="IANA"):
        Origin("id.example", number)


@pytest.mark.parametrize("hostname", ["", "two words", "a\nb", "h\u00f6st", "x" * 256, "tab\t"])
def test_a_host_name_that_would_break_the_header_is_refused(hostname: str) -> None:
    with pytest.raises(ValueError, match="hostname"):
        Origin(hostname, 58_999)


def test_a_strange_kind_of_a_newer_program_breaks_no_frame() -> None:
    for kind in ("", "two words", "x" * 33, "h\u00f6.ren", "a\nb"):
        record = of(EventName.KEY_ROTATED, type=kind)
        assert Frame(syslog(record, ORIGIN).encode()).kind == "-"
        assert read(record)["type"] == kind


def test_strange_names_of_fields_break_no_frame() -> None:
    for name in ('a b"]=', "x" * 60, "\u00e4\n"):
        assert "v" in read(of(EventName.KEY_ROTATED, fields={name: "v"})).values()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_stream_of_counted_frames_is_cut_where_each_ends(text: str) -> None:
    frames = [
        syslog(of(EventName.LOGIN_REQUESTED, personal={"user_agent": text}), ORIGIN),
        syslog(EXAMPLES[EventName.KEY_ROTATED], ORIGIN),
    ]
    stream, cut = b"".join(octet_counted(frame) for frame in frames), []
    while stream:
        length, _, stream = stream.partition(b" ")
        assert re.fullmatch(rb"[1-9][0-9]*", length)
        cut.append(stream[: int(length)].decode())
        stream = stream[int(length) :]
    assert cut == frames
