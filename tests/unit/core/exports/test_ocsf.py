# SPDX-License-Identifier: Apache-2.0
"""Every event is valid by the released schema of OCSF 1.8.0, class 3002, and says what R135 asks of it.

The schema beside this file is the released one, reduced to this class and the objects that we use; it names its source.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.core.exports.ocsf import ocsf
from counterfoil_service.core.leaf import milliseconds
from unit.core.exports.records import EXAMPLES, PRODUCT, exported, of

SCHEMA = json.loads((Path(__file__).parent / "ocsf_1_8_0_authentication.json").read_text("utf-8"))
PYTHON: dict[str, type] = {"integer_t": int, "long_t": int, "string_t": str, "boolean_t": bool}


def faults(event: Any) -> list[str]:
    """What the schema has against an event: attributes unknown, missing or of the wrong type or value."""
    return list(_of_thing(event, SCHEMA["class"], "event"))


def _of_thing(thing: Any, schema: Any, where: str) -> Iterator[str]:
    if not isinstance(thing, dict):
        yield f"{where} is no object"
        return
    attributes = schema["attributes"]
    for name in (name for name, each in attributes.items() if each["requirement"] == "required" and name not in thing):
        yield f"{where}.{name} is missing"
    one_of = schema.get("constraints", {}).get("at_least_one", [])
    if one_of and not set(one_of) & set(thing):
        yield f"{where} has none of {one_of}"
    for name, value in thing.items():
        if name not in attributes or attributes[name].get("deprecated"):
            yield f"{where}.{name} is not in the schema"
        elif attributes[name].get("array"):
            if not isinstance(value, list) or not value:
                yield f"{where}.{name} is no list of anything"
            else:
                for each in value:
                    yield from _of_value(each, attributes[name], f"{where}.{name}")
        else:
            yield from _of_value(value, attributes[name], f"{where}.{name}")


def _of_value(value: Any, attribute: Any, where: str) -> Iterator[str]:
    kind = attribute["type"]
    if kind == "object_t":
        if attribute["object"] != "object":
            yield from _of_thing(value, SCHEMA["objects"].get(attribute["object"], {"attributes": {}}), where)
        elif not isinstance(value, dict):
            yield f"{where} is no object"
        return
    rules = SCHEMA["types"][kind]
    if type(value) is not PYTHON[rules.get("type", kind)]:
        yield f"{where} is no {kind}"
        return
    if "enum" in attribute and value not in attribute["enum"]:
        yield f"{where} has a value beyond its enum"
    if "regex" in rules and not re.search(rules["regex"], str(value)):
        yield f"{where} is no {kind}"
    if len(str(value)) > rules.get("max_len", 2**31):
        yield f"{where} is too long"


def read(record: Exported) -> Any:
    return json.loads(ocsf(record, PRODUCT))


@given(exported())
def test_every_event_is_valid_whatever_a_stranger_wrote_into_it(record: Exported) -> None:
    line = ocsf(record, PRODUCT)
    assert line.isascii()
    assert line.splitlines() == [line]
    assert faults(json.loads(line)) == []


@given(exported())
def test_every_value_comes_back(record: Exported) -> None:
    event, leaf, told = read(record), record.leaf, record.personal or {}
    unmapped, source = event["unmapped"], event.get("src_endpoint", {})
    assert event["metadata"]["uid"] == leaf.id
    assert (event["metadata"]["event_code"], event["metadata"]["sequence"]) == (leaf.type, 184_023)
    assert event.get("status_detail", "") == (leaf.reason or "")
    assert unmapped.get("fields", {}) == leaf.fields
    assert (unmapped.get("login_id"), unmapped.get("application_id")) == (leaf.login_id, leaf.application_id)
    assert unmapped.get("jkt") == leaf.jkt
    assert event.get("session", {}).get("uid", "") == (leaf.session_id or "")
    assert event["user"].get("uid", "") == (leaf.subject or "")
    assert (unmapped.get("personal") == "erased") == (record.personal is None)
    assert (event["user"].get("email_addr") or unmapped.get("address", "")) == told.get("address", "")
    assert (source.get("ip") or unmapped.get("source", "")) == told.get("source", "")
    assert source.get("name", "") == told.get("device_label", "")
    assert event.get("http_request", {}).get("user_agent", "") == told.get("user_agent", "")
    assert unmapped.get("browser", "") == told.get("browser", "")


@pytest.mark.parametrize("name", list(EventName))
def test_every_event_says_what_r135_asks(name: EventName) -> None:
    event, entry = read(EXAMPLES[name]), CATALOGUE[name]
    assert (event["class_uid"], event["category_uid"]) == (3002, 3)
    assert event["type_uid"] == 300_200 + event["activity_id"] == 300_200 + entry.activity
    assert event["activity_id"] in {1, 2, 6, 99}
    assert event["user"]
    assert event["service"]
    assert (event["auth_protocol_id"], event["is_mfa"]) == (6, False)
    assert [factor["factor_type_id"] for factor in event["auth_factors"]] == [8]
    assert event["metadata"]["version"] == "1.8.0"
    assert event["metadata"]["product"] == {"name": "Counterfoil", "vendor_name": "Counterfoil", "version": "1.2.3"}
    assert event["time"] == milliseconds(EXAMPLES[name].leaf.time) == 1_795_425_302_114
    assert (event["activity_id"] != 99) or event["activity_name"] == name.value


def test_one_event_alone_counts_as_a_successful_sign_in_and_no_denial_does() -> None:
    logons = {name: read(record)["status_id"] for name, record in EXAMPLES.items() if read(record)["activity_id"] == 1}
    assert logons == {EventName.SESSION_CREATED: 1, EventName.LOGIN_DENIED: 2, EventName.LOGIN_LOCKED: 2}
    assert [name for name, record in EXAMPLES.items() if read(record)["activity_id"] == 2] == [EventName.SESSION_ENDED]


def test_a_first_device_and_one_that_looks_like_another_are_new_logons() -> None:
    said = {name: read(record).get("is_new_logon") for name, record in EXAMPLES.items()}
    assert {name for name, new in said.items() if new is not None} == {
        EventName.DEVICE_FIRST_SEEN,
        EventName.DEVICE_CHANGED,
    }
    drifted = {**EXAMPLES[EventName.DEVICE_CHANGED].leaf.fields, "is_new_logon": 0}
    assert read(of(EventName.DEVICE_CHANGED))["is_new_logon"] is True
    event = read(of(EventName.DEVICE_CHANGED, fields=drifted))
    assert (event["is_new_logon"], event["severity_id"]) == (False, 1)
    assert read(of(EventName.DEVICE_CHANGED))["severity_id"] == 4


@pytest.mark.parametrize("personal", [None, {}])
def test_nothing_of_the_person_is_said_where_it_was_erased_or_not_asked_for(personal: "dict[str, str] | None") -> None:
    for name in EventName:
        line = ocsf(of(name, personal=personal), PRODUCT)
        assert "src_endpoint" not in json.loads(line)
        for text in CATALOGUE[name].example.personal.values():
            assert text not in line


def _drop(*path: str) -> Callable[[Any], None]:
    def change(event: Any) -> None:
        for name in path[:-1]:
            event = event[name]
        del event[path[-1]]

    return change


@pytest.mark.parametrize(
    "break_it",
    [
        *(_drop(name) for name in ("activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time")),
        *(_drop(name) for name in ("type_uid", "user", "service")),
        _drop("metadata", "version"),
        _drop("metadata", "product"),
        _drop("user", "name"),
        lambda event: event.update(severity_id=7),
        lambda event: event.update(type_uid=300_298),
        lambda event: event.update(time="2026-11-23T09:15:02.114Z"),
        lambda event: event.update(is_mfa=0),
        lambda event: event.update(auth_factors=[]),
        lambda event: event.update(auth_factors=[{"factor_type": "Email"}]),
        lambda event: event.update(auth_factors={"factor_type_id": 8}),
        lambda event: event.update(src_endpoint={}),
        lambda event: event.update(src_endpoint={"ip": "nowhere"}),
        lambda event: event["user"].update(email_addr="ad\u00e4@example.com"),
        lambda event: event.update(is_alert=True),
        lambda event: event.update(login_id="x"),
        lambda event: event.update(unmapped="x"),
        lambda event: event.update(actor={"user": {"name": "x"}}),
    ],
)
def test_the_check_against_the_schema_sees_what_is_wrong(break_it: Callable[[Any], None]) -> None:
    event = read(EXAMPLES[EventName.LOGIN_REQUESTED])
    assert faults(event) == []
    broken = copy.deepcopy(event)
    break_it(broken)
    assert faults(broken) != []
