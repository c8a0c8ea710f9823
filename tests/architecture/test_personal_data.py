# SPDX-License-Identifier: Apache-2.0
"""docs/reference/personal-data.json lists what is kept about people, all of it and nothing else [R110, R111].

It is compared with what collectors read, what tables hold and what events say, and its page with it.
"""

import copy
import re
from collections.abc import Callable
from typing import Any

import click
import msgspec
import pytest

from architecture.inventory import (
    ATTRIBUTE,
    COLUMNS,
    EVENT_FIELDS,
    INVENTORY,
    LISTED,
    PUBLIC,
    SCRIPT,
    SEALED,
    Field,
    gaps,
    listed,
)
from counterfoil_client._fingerprint.profile import ATTRIBUTES
from counterfoil_service.cli.main import main
from counterfoil_service.core.audit_event import PERSONAL_FIELDS
from counterfoil_service.core.evidence import WEIGHTS
from counterfoil_service.core.login import SECOND
from counterfoil_service.operations.forget_old import SOURCE_RETENTION
from counterfoil_service.settings import Secret, Settings

DAY = 86_400
_SWEEPER = {"counterfoil serve", "counterfoil sweep"}
_SWEPT = ("authorization_codes", "cookies", "logins", "mailings", "outbox", "refresh_tokens", "sessions")
ENDED_BY = {
    **dict.fromkeys(_SWEPT, _SWEEPER),
    "alerts": _SWEEPER,
    "audit_events": {*_SWEEPER, "counterfoil audit prune"},
    "devices": {"counterfoil users erase", "counterfoil devices forget", "counterfoil applications remove"},
    "four_eyes": _SWEEPER,
    "mailbox_keys": {"counterfoil users erase"},
    "operator_links": {*_SWEEPER, "counterfoil operators remove"},
    "operators": {"counterfoil operators remove"},
    "operator_tokens": {"counterfoil operators remove"},
    "saved_searches": {"counterfoil operators remove"},
    "suppressions": {"counterfoil users erase", "counterfoil suppressions lift"},
    "users": {"counterfoil users erase"},
}
REFERENCE = re.compile(r"\bas (?:the )?(sign-in|[a-z]+(?: [a-z]+)*)(?=[,;]|$)")
"""Of a retention: that of another field."""


def test_the_inventory_lists_what_is_collected_and_kept_and_nothing_else() -> None:
    assert gaps(INVENTORY) == []
    assert set(WEIGHTS) == set(ATTRIBUTES)


def _plant(change: Callable[[Any], object]) -> Any:
    planted = copy.deepcopy(INVENTORY)
    change(planted)
    return planted


def _drop(place: str) -> Any:
    """The inventory without a column or an event's field, wherever it stands."""
    planted = copy.deepcopy(INVENTORY)
    for field in planted["fields"]:
        field["stored"] = [each for each in field["stored"] if each != place]
    planted["not_personal"] = [each for each in planted["not_personal"] if each["column"] != place]
    return planted


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        (_plant(lambda all_: all_["fields"].pop(0)), "attribute: machine"),
        (_plant(lambda all_: all_["fields"].append(all_["fields"][0])), "twice: machine"),
        (_drop("checkpoints.note"), "column missing: checkpoints.note"),
        (_drop("audit_events.source_prefix"), "column missing: audit_events.source_prefix"),
        (_drop("operators.address"), "column missing: operators.address"),
        (_drop(f"{PUBLIC}filters"), "event field: filters"),
        (_drop(f"{PUBLIC}kid"), "event field: kid"),
        (_drop(f"{SEALED}source"), "sealed: source"),
        (
            _plant(lambda all_: all_["not_personal"][0].update(column="users.shoe_size")),
            "column unknown: users.shoe_size",
        ),
        (
            _plant(lambda all_: all_["not_personal"][0].update(column="users.address")),
            "on both sides: users.address",
        ),
        (
            _plant(lambda all_: all_["not_personal"][0].update(column=f"{PUBLIC}filters")),
            "on both sides: audit_events.fields:filters",
        ),
        (_plant(lambda all_: all_["fields"][1]["stored"].append(SEALED + "shoe_size")), "sealed: shoe_size"),
        (_plant(lambda all_: all_["fields"][1]["stored"].append(PUBLIC + "shoe_size")), "event field: shoe_size"),
        (
            _plant(lambda all_: all_["fields"][1]["stored"].append("users.address:shoe_size")),
            "column unknown: users.address:shoe_size",
        ),
    ],
)
def test_a_planted_omission_or_addition_is_found(planted: Any, complaint: str) -> None:
    assert complaint in gaps(planted)


def test_a_new_collector_column_or_field_of_events_is_missed_in_the_inventory() -> None:
    assert gaps(INVENTORY, attributes=(*ATTRIBUTES, "shoe_size")) == ["attribute: shoe_size"]
    assert gaps(INVENTORY, columns=COLUMNS | {"users.shoe_size"}) == ["column missing: users.shoe_size"]
    assert gaps(INVENTORY, columns=COLUMNS | {"shoes.size"}) == ["column missing: shoes.size"]
    assert gaps(INVENTORY, personal=PERSONAL_FIELDS | {"shoe_size"}) == ["sealed: shoe_size"]
    assert gaps(INVENTORY, event_fields=EVENT_FIELDS | {"shoe_size"}) == ["event field: shoe_size"]
    with pytest.raises(msgspec.ValidationError, match="purpose"):
        gaps(_plant(lambda all_: all_["fields"][0].pop("purpose")))


@pytest.mark.parametrize("field", LISTED.fields, ids=lambda field: field.name)
def test_a_field_says_everything_and_claims_no_legal_basis(field: Field) -> None:
    texts = [field.name, field.kind, field.read_from, field.form, field.purpose, field.shown_to, field.retention]
    assert all([*texts, field.switched_off_by, *field.stored])
    assert field.legal_basis.startswith("operator decides: ")
    assert field.legal_basis.endswith("see docs/explanation/privacy.md")
    assert (field.raw is not None) == (field.kind == ATTRIBUTE)
    assert field.kind != ATTRIBUTE or field.read_from.startswith(f"Profile.{field.name}: ")


@pytest.mark.parametrize("field", LISTED.fields, ids=lambda field: field.name)
def test_a_field_names_what_ends_it_wherever_it_is_kept_and_says_when(field: Field) -> None:
    assert set().union(*(ENDED_BY[table] for table in field.tables)) <= set(field.ends_with)
    assert all(listed(name) is not field for name in REFERENCE.findall(field.retention))
    assert ("for good" in field.retention) == (field.name == "audit event"), "everything else has an end"


def test_the_periods_are_those_of_the_code() -> None:
    settings = Settings(public_url="", secret_key=Secret(""))
    kept = f"COUNTERFOIL_LOGIN_RETENTION ({settings.login_retention // DAY} days)"
    named = ["sign-in", "mail", "session", "alert", "request for a second person"]
    assert [each.name for each in LISTED.fields if kept in each.retention] == named
    assert sum("COUNTERFOIL_LOGIN_RETENTION" in each.retention for each in LISTED.fields) == len(named)
    assert listed("coarse address").retention.startswith(f"{SOURCE_RETENTION // SECOND // DAY} days;")
    assert settings.audit_retention is None, "for good, unless somebody says otherwise"


@pytest.mark.parametrize("command", sorted({command for field in LISTED.fields for command in field.ends_with}))
def test_what_ends_something_is_a_command_that_there_is(command: str) -> None:
    program, *words = command.split()
    assert program == "counterfoil"
    found: click.Command | None = main
    for word in words:
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), word)
    assert found is not None


def test_the_page_shows_the_inventory_as_it_is() -> None:
    page = SCRIPT["PAGE"].read_text("utf-8")
    assert page.count(SCRIPT["BEGIN"]) == page.count(SCRIPT["END"]) == 1
    assert SCRIPT["written"](page, INVENTORY) == page, "run: python docs/reference/personal_data.py"
    for place in range(len(INVENTORY["fields"])):
        planted = copy.deepcopy(INVENTORY)
        del planted["fields"][place]
        assert SCRIPT["written"](page, planted) != page
