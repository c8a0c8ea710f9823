# SPDX-License-Identifier: Apache-2.0
"""CEF lines that a splitter written from its description takes apart into the same values."""

import json
import re
from urllib.parse import unquote

import pytest
from hypothesis import given

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.exports.cef import cef
from counterfoil_service.core.exports.exported import Exported, Product
from counterfoil_service.core.leaf import milliseconds
from unit.core.exports.records import EXAMPLES, HOSTILE, PRODUCT, exported, of

KEY = re.compile(r"(?:^|(?<= ))([A-Za-z0-9]+)=")


def split(line: str) -> tuple[list[str], dict[str, str]]:
    r"""Header and extension: `\` escapes a pipe or itself before, an equals sign, itself, n and r after."""
    parts = re.match(r"CEF:0" + r"\|((?:[^|\\]|\\[|\\])*)" * 6 + r"\|(.*)\Z", line, re.DOTALL)
    assert parts is not None, line
    header = [unquote(re.sub(r"\\(.)", r"\1", part)) for part in parts.groups()[:6]]
    keys = list(KEY.finditer(parts[7]))
    found: dict[str, str] = {}
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        raw = parts[7][key.end() : following.start() - 1 if following else None]
        assert re.fullmatch(r"(?:[^=\\\r\n]|\\[=\\nr])*", raw), raw
        assert key[1] not in found
        found[key[1]] = unquote(re.sub(r"\\(.)", lambda at: {"n": "\n", "r": "\r"}.get(at[1], at[1]), raw))
    return header, found


def labelled(found: dict[str, str]) -> dict[str, str]:
    return {found[f"{key}Label"]: text for key, text in found.items() if f"{key}Label" in found}


@given(exported())
def test_every_value_comes_back_through_an_independent_splitter(record: Exported) -> None:
    leaf, personal = record.leaf, record.personal
    header, found = split(cef(record, PRODUCT))
    named = labelled(found)
    assert header[:4] == ["Counterfoil", "Counterfoil", "1.2.3", leaf.type]
    assert (found["externalId"], found["act"], found.get("reason", ""), found.get("suid", "")) == (
        leaf.id,
        leaf.type,
        leaf.reason or "",
        leaf.subject or "",
    )
    assert int(found["rt"]) == milliseconds(leaf.time)
    for name in ("login_id", "application_id", "session_id", "jkt"):
        assert named.get(name, "") == (getattr(leaf, name) or "")
    assert json.loads(named.get("fields", "{}")) == leaf.fields
    assert (named.get("personal") == "erased") == (personal is None)
    told = personal or {}
    assert found.get("suser", "") == told.get("address", "")
    assert found.get("requestClientApplication", "") == told.get("user_agent", "")
    assert named.get("browser", "") == told.get("browser", "")
    assert named.get("device_label", "") == told.get("device_label", "")
    source = found.get("src") or found.get("shost") or named.get("Source IPv6 Address") or ""
    assert source == told.get("source", "")


@given(exported())
def test_an_event_is_one_line_without_an_unsafe_character(record: Exported) -> None:
    line = cef(record, PRODUCT)
    assert line.splitlines() == [line]
    assert [each for each in line if not each.isprintable()] == []


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        ("a=b", r"a\=b"),
        ("a\\b", r"a\\b"),
        ("a|b", "a|b"),
        ("a\nb", r"a\nb"),
        ("a\rb", r"a\rb"),
        ("a\\nb", r"a\\nb"),
        ("a\0b", "a%00b"),
        ("a\u202eb", "a%E2%80%AEb"),
        ("100%", "100%25"),
    ],
)
def test_a_value_is_escaped_as_cef_says(value: str, spelt: str) -> None:
    line = cef(of(EventName.LOGIN_REQUESTED, personal={"user_agent": value}), PRODUCT)
    assert line.endswith(f" requestClientApplication={spelt}")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_version_with_pipes_stays_in_its_place(text: str) -> None:
    header, _ = split(cef(EXAMPLES[EventName.KEY_ROTATED], Product(text, text, text)))
    assert header[:3] == [text, text, text]


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("192.0.2.7", "src"),
        ("2001:db8::7", "c6a2"),
        ("unknown", "shost"),
        ("fe80::1%eth0", "shost"),
        ("192.0.2.7 x", "shost"),
    ],
)
def test_a_source_stands_where_its_kind_of_address_belongs(source: str, key: str) -> None:
    _, found = split(cef(of(EventName.LOGIN_REQUESTED, personal={"source": source}), PRODUCT))
    assert found[key] == source
    assert {"src", "c6a2", "shost"} & found.keys() == {key}


def test_severities_and_outcomes_tell_a_failed_sign_in_from_an_alert() -> None:
    def told(name: EventName) -> tuple[str, str]:
        header, found = split(cef(EXAMPLES[name], PRODUCT))
        return header[5], found["outcome"]

    assert told(EventName.SESSION_CREATED) == ("2", "success")
    assert told(EventName.LOGIN_DENIED) == ("5", "failure")
    assert told(EventName.LOGIN_KEY_MISMATCH) == ("8", "failure")
