# SPDX-License-Identifier: Apache-2.0
"""Documents of the Elastic Common Schema: R136's words, ECS's own values, and every value back."""

import json
from typing import Any

import pytest
from hypothesis import given

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.exports.ecs import ecs
from counterfoil_service.core.exports.exported import Exported
from unit.core.exports.records import EXAMPLES, exported, of

FIELDS: dict[str, set[str]] = {
    "": {"@timestamp", "message", "ecs", "event", "service", "user", "source", "user_agent", "Counterfoil"},
    "ecs": {"version"},
    "event": {
        *("kind", "category", "type", "action", "outcome", "id", "sequence", "provider", "module", "dataset", "reason"),
    },
    "service": {"type"},
    "user": {"hash", "email"},
    "source": {"address", "ip"},
    "user_agent": {"original"},
}
"""Names that ECS 9 has (elastic.co/docs/reference/ecs/ecs-field-reference); ours are under `Counterfoil`."""


def read(record: Exported) -> Any:
    return json.loads(ecs(record))


@given(exported())
def test_every_value_comes_back_on_one_line(record: Exported) -> None:
    line = ecs(record)
    assert line.isascii()
    assert line.splitlines() == [line]
    document, leaf, told = json.loads(line), record.leaf, record.personal or {}
    own, event = document["Counterfoil"], document["event"]
    assert (document["@timestamp"], event["id"], event["action"], event["sequence"]) == (
        leaf.time,
        leaf.id,
        leaf.type,
        184_023,
    )
    assert event.get("reason", "") == (leaf.reason or "")
    for name in ("login_id", "application_id", "session_id", "jkt"):
        assert own.get(name) == getattr(leaf, name)
    assert own.get("fields", {}) == leaf.fields
    assert document.get("user", {}).get("hash", "") == (leaf.subject or "")
    assert (own.get("personal") == "erased") == (record.personal is None)
    assert document.get("user", {}).get("email", "") == told.get("address", "")
    assert document.get("source", {}).get("address", "") == told.get("source", "")
    assert document.get("user_agent", {}).get("original", "") == told.get("user_agent", "")
    assert own.get("browser", "") == told.get("browser", "")
    assert own.get("device_label", "") == told.get("device_label", "")


@given(exported())
def test_no_field_is_one_that_ecs_does_not_have(record: Exported) -> None:
    document = read(record)
    assert set(document) <= FIELDS[""]
    for name, fields in FIELDS.items():
        assert not name or set(document.get(name, {})) <= fields


@pytest.mark.parametrize("name", list(EventName))
def test_every_event_has_the_words_of_ecs(name: EventName) -> None:
    event = read(EXAMPLES[name])["event"]
    assert event["category"] == ["authentication"]
    assert event["type"] == [{1: "start", 2: "end"}.get(CATALOGUE[name].activity, "info")]
    assert event["outcome"] in {"success", "failure"}
    assert event["kind"] in {"event", "alert"}


def test_a_sign_in_that_was_denied_is_a_failed_one_and_a_stolen_code_an_alert() -> None:
    said = {name: read(record)["event"] for name, record in EXAMPLES.items()}
    assert (said[EventName.LOGIN_DENIED]["type"], said[EventName.LOGIN_DENIED]["outcome"]) == (["start"], "failure")
    assert (said[EventName.SESSION_CREATED]["type"], said[EventName.SESSION_CREATED]["outcome"]) == (
        ["start"],
        "success",
    )
    assert said[EventName.LOGIN_KEY_MISMATCH]["kind"] == "alert"
    assert said[EventName.LOGIN_CODE_MISMATCH]["kind"] == "event"


@pytest.mark.parametrize("source", ["192.0.2.7", "2001:db8::7"])
def test_an_address_is_an_ip_only_where_it_is_one(source: str) -> None:
    assert read(of(EventName.LOGIN_REQUESTED, personal={"source": source}))["source"]["ip"] == source
    for strange in ("unknown", f"{source} ", f"{source}%eth0", f"{source}\n", "1.2.3", "01.2.3.4"):
        assert read(of(EventName.LOGIN_REQUESTED, personal={"source": strange}))["source"] == {"address": strange}


@pytest.mark.parametrize("personal", [None, {}])
def test_nothing_of_the_person_is_said_where_it_was_erased_or_not_asked_for(personal: "dict[str, str] | None") -> None:
    for name in EventName:
        line = ecs(of(name, personal=personal))
        assert "source" not in json.loads(line)
        for text in CATALOGUE[name].example.personal.values():
            assert text not in line
