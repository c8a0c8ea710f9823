# SPDX-License-Identifier: Apache-2.0
"""docs/reference/personal-data.json lists what is kept about people, all of it and nothing else [R110, R111].

What collectors read, what tables hold, what events seal, and what a real sign-in leaves is compared with it.
"""

import ast
import copy
import json
import re
import runpy
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import httpx2
import msgspec
import pytest

from counterfoil_client._fingerprint.digest import encode
from counterfoil_client._fingerprint.profile import ATTRIBUTES, Profile
from counterfoil_client._flows.start import LoginWish
from counterfoil_service.cli.main import main
from counterfoil_service.core.audit_event import PERSONAL_FIELDS, AuditEvent, EventName
from counterfoil_service.core.evidence import WEIGHTS
from counterfoil_service.core.place import Place
from counterfoil_service.db import audit
from counterfoil_service.db.tables import metadata
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.forget_device import ForgetDevice, forget_device
from counterfoil_service.operations.opener import Opener, place_facts
from support.mmdb import LONDON, write_mmdb
from support.stage import OpenStage, Stage

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "service" / "src" / "counterfoil_service"
OPERATIONS = SERVICE / "operations"
SCRIPT = runpy.run_path(str(ROOT / "docs" / "reference" / "personal_data.py"))
INVENTORY = json.loads(SCRIPT["INVENTORY"].read_text("utf-8"))
COLUMNS = {f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns}
ATTRIBUTE, NEVER, SEALED, PUBLIC = "device attribute", "never leaves the device", "audit_events.sealed:", "fields:"
Function = ast.FunctionDef | ast.AsyncFunctionDef
PHONE = "Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0"
HINTS = {"Sec-CH-UA-Model": "Secret Pixel", "Accept-Language": "tlh-Latn", "Sec-CH-UA-Platform-Version": "14.7.777"}
PARTICULARS = {name: f"particular-{name}" for name in ATTRIBUTES}
ASKS_FOR_MORE = re.compile(
    r"accept-ch|critical-ch|delegate-ch|sec-ch-|ch-ua|permissions-policy|navigator\.|userAgentData|getContext"
    r"|\bscreen\.|localStorage|sessionStorage|indexedDB|document\.cookie",
    re.IGNORECASE,
)
"""What a page, a script or an answer would have in it to learn more of a browser, or to leave something there."""


class Field(msgspec.Struct, forbid_unknown_fields=True):
    """One kind of personal data; `raw` says of a device's attribute what becomes of the value itself."""

    name: str
    kind: str
    read_from: str
    stored: list[str]
    form: str
    purpose: str
    shown_to: str
    retention: str
    ends_with: list[str]
    legal_basis: str
    switched_off_by: str
    raw: str | None = None


class NotPersonal(msgspec.Struct, forbid_unknown_fields=True):
    column: str
    why: str


class Inventory(msgspec.Struct, forbid_unknown_fields=True):
    fields: list[Field]
    not_personal: list[NotPersonal]


def read(inventory: Any) -> Inventory:
    return msgspec.convert(inventory, Inventory)


LISTED = read(INVENTORY)


def stored_as(name: str) -> set[str]:
    """The columns of a field, those of sealed parts aside."""
    (found,) = [each for each in LISTED.fields if each.name == name]
    return {column for column in found.stored if not column.startswith(SEALED)}


def gaps(
    inventory: Any,
    *,
    attributes: "tuple[str, ...]" = ATTRIBUTES,
    columns: set[str] = COLUMNS,
    personal: frozenset[str] = PERSONAL_FIELDS,
) -> list[str]:
    """What the inventory has too much, or too little."""
    listed = read(inventory)
    named = [each.name for each in listed.fields if each.kind == ATTRIBUTE]
    stored = {place for each in listed.fields for place in each.stored}
    kept = {place.partition(":")[0] for place in stored}
    harmless = [each.column for each in listed.not_personal]
    sealed = {place.removeprefix(SEALED) for place in stored if place.startswith(SEALED)}
    found = {
        "attribute": set(named) ^ set(attributes),
        "column unknown": (kept | set(harmless)) - columns,
        "column missing": columns - kept - set(harmless),
        "column on both sides": kept & set(harmless),
        "sealed": sealed ^ personal,
        "twice": {each for each in [*named, *harmless] if [*named, *harmless].count(each) > 1},
    }
    return [f"{what}: {name}" for what, names in found.items() for name in sorted(names)]


def personal_keys(source: str) -> set[str]:
    """Every key that a module gives to an event's `personal`; a ValueError where that cannot be read off its text."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]
    calls = [(node, each) for each in functions for node in ast.walk(each) if isinstance(node, ast.Call)]
    found: set[str] = set()
    for function in functions:
        if function.name == "personal":
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    found |= _keys(node.value, function, calls)
    for call, function in calls:
        for keyword in call.keywords:
            if keyword.arg == "personal":
                found |= _keys(keyword.value, function, calls)
    return found


def _keys(node: ast.expr, function: Function, calls: "list[tuple[ast.Call, Function]]") -> set[str]:
    match node:
        case ast.Dict():
            return set().union(*(_key(*pair, function, calls) for pair in zip(node.keys, node.values, strict=True)))
        case ast.IfExp():
            return _keys(node.body, function, calls) | _keys(node.orelse, function, calls)
        case ast.BinOp(op=ast.BitOr()):
            return _keys(node.left, function, calls) | _keys(node.right, function, calls)
        case ast.Attribute(attr="personal"):
            return set()  # a property of this name, which is looked at where it is written
        case ast.Name():
            origins = list(_origins(node.id, function, calls))
            if origins:
                return set().union(*(_keys(value, where, calls) for value, where in origins))
    raise ValueError(f"line {node.lineno}: nobody can tell what is personal in {ast.unparse(node)}")


def _key(
    key: ast.expr | None, value: ast.expr, function: Function, calls: "list[tuple[ast.Call, Function]]"
) -> set[str]:
    if key is None:
        return _keys(value, function, calls)
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return {key.value}
    raise ValueError(f"line {key.lineno}: nobody can tell which key {ast.unparse(key)} is")


def _origins(
    name: str, function: Function, calls: "list[tuple[ast.Call, Function]]"
) -> "Iterator[tuple[ast.expr, Function]]":
    """What a name stands for: what it is assigned, or what callers in the same module pass."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=assigned)]) if assigned == name:
                yield node.value, function
            case ast.Attribute(value=ast.Name(id=changed)) | ast.Subscript(value=ast.Name(id=changed)):
                if changed == name:
                    raise ValueError(f"line {node.lineno}: nobody can tell what becomes of {name}")
    parameters = [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]
    if name not in parameters:
        return
    for call, where in calls:
        if isinstance(call.func, ast.Name) and call.func.id == function.name:
            given = {keyword.arg: keyword.value for keyword in call.keywords} | dict(
                zip(parameters, call.args, strict=False)
            )
            if name in given:
                yield given[name], where


def test_the_inventory_lists_what_is_collected_and_kept_and_nothing_else() -> None:
    assert gaps(INVENTORY) == []
    assert set(WEIGHTS) == set(ATTRIBUTES)


def _plant(change: Callable[[Any], object]) -> Any:
    planted = copy.deepcopy(INVENTORY)
    change(planted)
    return planted


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        (_plant(lambda all_: all_["fields"].pop(0)), "attribute: machine"),
        (_plant(lambda all_: all_["fields"].append(all_["fields"][0])), "twice: machine"),
        (_plant(lambda all_: all_["not_personal"].pop()), "column missing: checkpoints.note"),
        (
            _plant(lambda all_: all_["not_personal"][0].update(column="users.shoe_size")),
            "column unknown: users.shoe_size",
        ),
        (
            _plant(lambda all_: all_["not_personal"][0].update(column="users.address")),
            "column on both sides: users.address",
        ),
        (_plant(lambda all_: all_["fields"][1]["stored"].append(SEALED + "shoe_size")), "sealed: shoe_size"),
    ],
)
def test_a_planted_omission_or_addition_is_found(planted: Any, complaint: str) -> None:
    assert complaint in gaps(planted)


def test_a_new_collector_column_or_sealed_field_is_missed_in_the_inventory() -> None:
    assert gaps(INVENTORY, attributes=(*ATTRIBUTES, "shoe_size")) == ["attribute: shoe_size"]
    assert gaps(INVENTORY, columns=COLUMNS | {"users.shoe_size"}) == ["column missing: users.shoe_size"]
    assert gaps(INVENTORY, personal=PERSONAL_FIELDS | {"shoe_size"}) == ["sealed: shoe_size"]
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


@pytest.mark.parametrize("command", sorted({command for field in LISTED.fields for command in field.ends_with}))
def test_what_ends_something_is_a_command_that_there_is(command: str) -> None:
    program, *words = command.split()
    assert program == "counterfoil"
    found: click.Command | None = main
    for word in words:
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), word)
    assert found is not None


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.py")), ids=lambda path: path.stem)
def test_no_operation_seals_what_is_not_declared(path: Path) -> None:
    assert personal_keys(path.read_text("utf-8")) <= PERSONAL_FIELDS


def test_the_search_sees_every_way_in_which_operations_say_what_is_personal() -> None:
    assert set().union(*(personal_keys(path.read_text("utf-8")) for path in OPERATIONS.glob("*.py"))) == PERSONAL_FIELDS
    assert personal_keys("def f():\n    g(personal={'shoe_size': 1, **({'hat': 2} if x else {})})") == {
        "shoe_size",
        "hat",
    }
    assert personal_keys("def f():\n    g(personal=it.personal | {'shoe_size': 1})") == {"shoe_size"}
    assert personal_keys("async def g(a, b):\n    h(personal=b)\ndef f():\n    g(1, {'shoe_size': 2})") == {"shoe_size"}
    assert personal_keys("def g(*, b):\n    h(personal=b)\ndef f():\n    g(b={'shoe_size': 2})") == {"shoe_size"}
    assert personal_keys("class A:\n    def personal(self):\n        more = {'hat': 1}\n        return {**more}") == {
        "hat"
    }
    for unclear in (
        "def f():\n    g(personal=dict(a=1))",
        "def f(x):\n    g(personal={x: 1})",
        "def f(x):\n    g(personal=x)",
        "def f():\n    x = {}\n    x['hat'] = 1\n    g(personal=x)",
        "def f():\n    x = {}\n    x.update(hat=1)\n    g(personal=x)",
    ):
        with pytest.raises(ValueError, match="nobody can tell"):
            personal_keys(unclear)


async def test_an_event_with_an_undeclared_personal_field_is_not_written() -> None:
    event = AuditEvent(name=EventName.LOGIN_REQUESTED, personal={"source": "192.0.2.1", "shoe_size": "43"})
    nothing: Any = None
    with pytest.raises(ValueError, match="shoe_size") as refused:
        await audit.append(nothing, nothing, event)
    assert "43" not in str(refused.value)


@pytest.mark.parametrize("name", [each.name for each in LISTED.fields if each.raw == NEVER])
def test_what_never_leaves_the_device_has_no_column(name: str) -> None:
    assert [column for column in COLUMNS if f"_{name}_" in f"_{column.partition('.')[2]}_"] == []


def test_the_host_name_alone_leaves_in_clear_text_as_a_label_that_the_application_may_replace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "particular")
    assert [each.name for each in LISTED.fields if each.raw not in {None, NEVER}] == ["hostname"]
    assert dict(LoginWish("ada@example.com").form("desk-app"))["device_label"] == "particular"
    assert "particular" not in str(LoginWish("ada@example.com", device_label="").form("desk-app"))


def test_the_page_shows_the_inventory_as_it_is() -> None:
    page = SCRIPT["PAGE"].read_text("utf-8")
    assert page.count(SCRIPT["BEGIN"]) == page.count(SCRIPT["END"]) == 1
    assert SCRIPT["written"](page, INVENTORY) == page, "run: python docs/reference/personal_data.py"
    for place in range(len(INVENTORY["fields"])):
        planted = copy.deepcopy(INVENTORY)
        del planted["fields"][place]
        assert SCRIPT["written"](page, planted) != page


def test_no_page_and_no_answer_asks_a_browser_for_more_than_it_says_unasked() -> None:
    sources = [path for path in SERVICE.rglob("*") if path.suffix in {".py", ".html", ".js", ".css"}]
    assert any(path.name == "link.html" for path in sources)
    assert [str(path) for path in sources if ASKS_FOR_MORE.search(path.read_text("utf-8"))] == []
    planted = (
        "{'Accept-CH': 'Sec-CH-UA-Model'}",
        "<meta http-equiv=Delegate-CH>",
        "navigator.languages",
        "screen.width",
    )
    assert all(ASKS_FOR_MORE.search(each) for each in planted)


def test_an_opener_is_its_words_its_address_and_its_place() -> None:
    known = {"method", "source", "source_range", "user_agent", "browser", "place", "fetch_metadata"}
    assert set(Opener.__struct_fields__) == known
    source = (OPERATIONS / "opener.py").read_text("utf-8")
    facts = {
        node.slice.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.ctx, ast.Store)
    }
    places = place_facts(Place("DE", "Germany", "Example Net"))
    assert places == {"country": "DE", "network": "Example Net"}
    listed = {column.partition(PUBLIC)[2] for column in stored_as("opener's whereabouts")}
    assert facts | {"method"} | set(places) == listed
    assert {f"audit_events.{PUBLIC}{name}" for name in places} <= stored_as("place")


async def holding(stage: Stage, text: str | bytes) -> set[str]:
    """The columns in which this text stands somewhere."""
    sought = text if isinstance(text, bytes) else text.encode()
    found = set()
    for table in metadata.tables.values():
        for row in await stage.rows(f"SELECT {', '.join(table.columns.keys())} FROM {table.name}"):  # noqa: S608 - ours
            for column, value in zip(table.columns.keys(), row, strict=True):
                held = value if isinstance(value, bytes) else str(value).encode()
                if sought in held:
                    found.add(f"{table.name}.{column}")
    return found


async def test_the_tables_of_a_real_sign_in_hold_what_is_listed_and_erasing_leaves_what_is_said(
    sqlite_stage: Stage,
) -> None:
    stage, device = sqlite_stage, sqlite_stage.device()
    stage.client.headers["User-Agent"] = "particular-agent/1"
    text = encode(Profile(**PARTICULARS), stage.issuer, "desk-app", b"x" * 32)
    asked = await stage.start(device=device, device_label="Ada's particular", device_fingerprint=text)
    page = await stage.open(await stage.secret(), **{"User-Agent": PHONE}, **HINTS)
    assert not {"accept-ch", "set-cookie"} & set(page.headers)
    assert (await stage.decide(await stage.secret(), "approve", asked.user_code)).status_code == 200
    assert (await stage.poll(asked, device_fingerprint=text)).status_code == 200

    raw = {"address": "ada@example.com", "device label": "Ada's particular", "device key": device.thumbprint}
    for name, value in raw.items():
        assert await holding(stage, value) == stored_as(name) - {"logins.code_jkt", "authorization_codes.jkt"}
    unseen = [*PARTICULARS.values(), *HINTS.values(), "particular-agent", "Firefox", "192.0.2.10"]
    assert [value for value in unseen if await holding(stage, value)] == []
    evidence = await stage.rows("SELECT l.fingerprint, d.fingerprint FROM logins l, devices d")
    assert [set(json.loads(each)["attributes"]) for each in evidence[0]] == [set(ATTRIBUTES)] * 2

    events = await stage.events(asked.login_id)
    personal = [dict(each.personal or {}) for each in events]
    assert set().union(*personal) == PERSONAL_FIELDS
    assert not any(hint in str(personal) for hint in HINTS.values())
    public = {place.partition(PUBLIC)[2] for field in LISTED.fields for place in field.stored if PUBLIC in place}
    assert set().union(*(each.event.fields for each in events)) <= public

    (mailbox,) = (await stage.rows("SELECT mailbox FROM users"))[0]
    assert await holding(stage, mailbox) == stored_as("mailbox")
    await stage.database.write(erase_user, "ada@example.com")
    assert await holding(stage, "ada@example.com") == await holding(stage, "Ada's particular") == set()
    assert await stage.rows("SELECT fingerprint FROM logins") == [(None,)]
    assert all(not each.event.personal and not each.personal for each in await stage.events(asked.login_id))
    assert await holding(stage, mailbox) == {"logins.mailbox", "mailings.mailbox", "audit_events.mailbox"}
    assert await holding(stage, device.thumbprint) == {"logins.jkt", "sessions.jkt", "audit_events.jkt"}
    stage.clock.advance(2 * 86_400)
    await stage.sweep()
    assert await holding(stage, mailbox) == {"logins.mailbox", "audit_events.mailbox"}


async def test_a_sign_in_without_a_fingerprint_leaves_the_device_row_and_forgetting_the_device_leaves_its_logins(
    sqlite_stage: Stage,
) -> None:
    stage, device = sqlite_stage, sqlite_stage.device()
    text = encode(Profile(**PARTICULARS), stage.issuer, "desk-app", b"x" * 32)
    asked = await stage.approved(device=device, device_fingerprint=text)
    assert (await stage.poll(asked, device_fingerprint=text)).status_code == 200
    ((device_id, kept, told, told_at),) = await stage.rows("SELECT id, fingerprint, told, told_at FROM devices")
    assert (set(json.loads(kept)["attributes"]), told, told_at) == (set(ATTRIBUTES), None, None)
    stage.clock.advance(61)
    again = await stage.approved(device=device)
    assert (await stage.poll(again)).status_code == 200
    ((left, told),) = await stage.rows("SELECT fingerprint, told FROM devices")
    assert left == kept
    assert set(told.strip("/").split()) == set(ATTRIBUTES), "names of attributes, and no values"
    (changed,) = [each.event for each in await stage.events(again.login_id) if "changed" in each.event.name]
    public = {column.partition(PUBLIC)[2] for column in stored_as("device comparison") | stored_as("device")}
    assert set(changed.fields) <= public | {"at"}
    assert changed.fields["told"] == 1
    assert await stage.rows("SELECT fingerprint IS NULL FROM logins ORDER BY created_at") == [(0,), (1,)]
    await stage.database.write(forget_device, ForgetDevice(device_id, "forgotten"))
    assert await stage.count("devices") == 0
    assert await stage.rows("SELECT fingerprint IS NULL FROM logins ORDER BY created_at") == [(0,), (1,)]


async def test_a_place_stands_open_in_the_audit_log_and_erasing_the_person_leaves_it_there(
    sqlite_url: str, open_stage: OpenStage, tmp_path: Path
) -> None:
    record = {"country": {"iso_code": "GB"}, "autonomous_system_organization": "Particular Net"}
    files = (write_mmdb(tmp_path / "places.mmdb", {"81.2.69.0/24": record}),)
    async with open_stage(sqlite_url, tmp_path, mmdb_files=files) as stage:
        app: Any = stage.client._transport.app  # type: ignore[attr-defined]  # the stage's is an ASGITransport
        stage.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, client=(LONDON, 40000)), base_url=stage.issuer
        )
        asked = await stage.start()
        assert await holding(stage, "Particular Net") == {"logins.place", "audit_events.fields"}
        (requested, *_) = [each.event for each in await stage.events(asked.login_id)]
        assert requested.fields == {"country": "GB", "network": "Particular Net"}
        assert (await stage.decide(await stage.secret(), "approve", asked.user_code)).status_code == 200
        assert (await stage.poll(asked)).status_code == 200
        await stage.database.write(erase_user, "ada@example.com")
        assert await holding(stage, "Particular Net") == {"audit_events.fields"}
