# SPDX-License-Identifier: Apache-2.0
"""What raw cursors would run otherwise than SQLAlchemy Core is refused; our own words alone go into a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
    true,
    update,
)

from counterfoil_service.db.prepared import Dialect, Statement, UnpreparableError
from counterfoil_service.db.statements import constant, constants, due_rows, insert_row, parameter
from counterfoil_service.db.tables import metadata

DIALECTS: list[Dialect] = ["sqlite", "postgresql"]
things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("made", Integer, default=lambda: 5),
    Column("changed", Integer, onupdate=lambda: 6),
    Column("flag", Boolean),
)
c = things.c
REFUSED = {
    "an insert default": insert(things).values(id=bindparam("id")),
    "an update default": update(things).where(c.id == parameter("id")).values(name=parameter("name")),
    "an expanding parameter": select(c.id).where(c.id.in_(bindparam("ids", expanding=True))),
    "a list in IN": select(c.id).where(c.id.in_([1, 2])),
    "a literal in WHERE": select(c.id).where(c.name == "Ada"),
    "a literal in VALUES": insert(things).values(id=parameter("id"), name="Ada", made=parameter("made")),
    "a literal LIMIT": select(c.id).limit(5),
    "a callable value": select(c.id).where(c.id == bindparam("id", callable_=lambda: 5)),
    "a literal_execute parameter": select(c.id).where(c.id == bindparam("id", literal_execute=True)),
    "a boolean column": select(c.id).where(c.flag == parameter("flag")),
    "a typed boolean": select(c.id).where(c.id == 1, c.id == bindparam("flag", type_=Boolean)),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("what", REFUSED)
def test_a_statement_that_a_cursor_would_run_otherwise_is_refused(what: str, dialect: Dialect) -> None:
    with pytest.raises(UnpreparableError):
        Statement(REFUSED[what]).bind(dialect, {"id": 1, "ids": [1], "flag": True, "name": "x", "made": 1})


def test_a_refused_statement_is_refused_every_time() -> None:
    statement = Statement(REFUSED["a literal in WHERE"])
    for _ in range(2):
        with pytest.raises(UnpreparableError, match="literal"):
            statement.bind("sqlite", {})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_parameters_come_in_the_order_in_which_the_text_names_them(dialect: Dialect) -> None:
    statement = Statement(
        update(things)
        .where(c.id == parameter("id"), c.made > parameter("now"))
        .values(name=parameter("name"), made=parameter("now"), changed=parameter("changed"))
    )
    sql, values = statement.bind(dialect, {"id": 1, "now": 2, "name": "Ada", "changed": 3, "unused": 9})
    if dialect == "sqlite":
        assert sql.count("?") == len(values) == 5
        assert values == ("Ada", 2, 3, 1, 2)
    else:
        assert {f"${number}" in sql for number in range(1, len(values) + 1)} == {True}
        assert sorted(map(str, values)) in (sorted(["Ada", "2", "3", "1", "2"]), sorted(["Ada", "2", "3", "1"]))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_missing_parameter_is_an_error_and_never_null(dialect: Dialect) -> None:
    with pytest.raises(KeyError, match="name"):
        Statement(select(c.id).where(c.name == parameter("name"))).bind(dialect, {})


def test_a_statement_may_have_a_body_of_its_own_for_postgresql() -> None:
    statement = Statement(text("SELECT 1"), postgresql=text("SELECT 2"))
    assert [statement.bind(dialect, {})[0] for dialect in DIALECTS] == ["SELECT 1", "SELECT 2"]


def test_a_statement_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    body = select(c.id).where(c.id == parameter("id"))
    statement = Statement(body)
    first = statement.bind("sqlite", {"id": 1})
    monkeypatch.setattr(type(body), "compile", lambda *_a, **_k: pytest.fail("it was compiled again"))
    assert statement.bind("sqlite", {"id": 2}) == (first[0], (2,))


@pytest.mark.parametrize("value", ["pending", "no_transport", "A", 0, -1, 10**12])
def test_a_bare_word_or_a_number_may_be_a_constant(value: str | int) -> None:
    expected = f"'{value}'" if isinstance(value, str) else str(value)
    assert str(constant(value)) == expected


@pytest.mark.parametrize(
    "value", ["", "_", "it's", "a b", "a;b", "a'", "x--", "1", "a1", "a\n", "a%", 'a"', "a\\", "a:b", "a-b"]
)
def test_anything_else_is_no_constant(value: str) -> None:
    with pytest.raises(ValueError, match="bare word"):
        constant(value)


@given(st.text())
def test_no_text_whatever_leaves_its_quotes(value: str) -> None:
    try:
        rendered = str(constant(value))
    except ValueError:
        return
    assert rendered == f"'{value}'"
    assert not set(value) & set("'\"\\;:%\n\0 -")


def test_constants_have_one_order_in_every_process() -> None:
    assert [str(each) for each in constants({"c", "a", "b"})] == ["'a'", "'b'", "'c'"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_a_row_is_inserted_with_one_parameter_for_each_column(name: str, dialect: Dialect) -> None:
    table = metadata.tables[name]
    columns = [column.name for column in table.columns if column.name != "position"]
    sql, values = Statement(insert_row(table, omit=frozenset({"position"}))).bind(
        dialect, {each: each for each in columns}
    )
    assert list(values) == columns
    assert "RETURNING" not in sql


def test_due_rows_skip_what_another_worker_holds_where_there_can_be_one() -> None:
    rows = Statement(due_rows(select(c.id).where(c.made <= parameter("now")), c.made))
    assert "FOR UPDATE SKIP LOCKED" in rows.bind("postgresql", {"now": 1, "limit": 1})[0]
    assert "FOR UPDATE" not in rows.bind("sqlite", {"now": 1, "limit": 1})[0]


def test_expressions_of_our_own_need_no_parameter() -> None:
    sql, values = Statement(select(func.count()).where(c.id == literal_column("5"), true())).bind("sqlite", {})
    assert values == ()
    assert "5" in sql
