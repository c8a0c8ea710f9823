# SPDX-License-Identifier: Apache-2.0
"""The comparison judges by rounds, in the right direction, and asks for what a client would ask for."""

import pytest

from benchmarks.harness.wrk import request_bytes
from benchmarks.sign_in.figures import FEW, MANY, Figures, Load, Ratio, SignIns, Start
from benchmarks.sign_in.floor import script
from benchmarks.sign_in.table import verdict


def load_of(service: str, request: str, *rates: float) -> Load:
    each = [1.0 for _ in rates]
    return Load(service, request, list(rates), each, each, each, [6.0 for _ in rates])


def figures_of(*loads: Load) -> Figures:
    sign_ins = [
        SignIns("counterfoil-sqlite", FEW, [100, 120], [0, 0]),
        SignIns("counterfoil-sqlite", MANY, [110, 240], [0, 0]),
        SignIns("better-auth-sqlite", FEW, [400, 360], [0, 0]),
    ]
    starts = [Start("counterfoil-sqlite", [1.0], [90e6]), Start("litestar", [0.5], [60e6])]
    return Figures("a machine", "2026-11-28", 1.0, {"sqlite": "SQLite 3"}, list(loads), sign_ins, starts)


def ratio_named(figures: Figures, name: str) -> Ratio:
    (found,) = (ratio for ratio in figures.ratios if ratio.name == name)
    return found


def test_a_ratio_is_of_one_round_and_not_of_two_medians() -> None:
    ours, theirs = load_of("counterfoil-sqlite", "send", 300, 900), load_of("better-auth-sqlite", "send", 100, 300)
    assert ratio_named(figures_of(ours, theirs), "send ÷ Better Auth, SQLite").rounds == [3, 3]


def test_what_was_not_measured_on_both_sides_has_no_ratio() -> None:
    names = {ratio.name for ratio in figures_of(load_of("counterfoil-sqlite", "poll", 1)).ratios}
    assert not any("poll" in name or "PostgreSQL" in name for name in names)


@pytest.mark.parametrize(
    ("rounds", "at_most", "said"),
    [([2.4], False, "missed"), ([2.5], False, "held"), ([4], False, "reached"), ([2.4], True, "held"),
     ([2.6], True, "missed"), ([1], True, "reached"), ([1, 9, 9], False, "reached"), ([9, 1, 1], False, "missed")],
)  # fmt: skip
def test_the_verdict_is_of_the_middle_round_in_its_direction(rounds: list[float], at_most: bool, said: str) -> None:  # noqa: FBT001
    assert verdict(Ratio("x", 2.5, 2 if at_most else 4, rounds, at_most=at_most)) == said


def test_whole_sign_ins_are_judged_by_what_they_cost_and_by_how_that_grows() -> None:
    figures = figures_of()
    assert ratio_named(figures, "CPU of a whole sign-in: Better Auth ÷ ours, SQLite").rounds == [4, 3]
    growth = ratio_named(figures, f"whole sign-in with {MANY:,} live links ÷ with {FEW:,}, SQLite")
    assert growth.rounds == [1.1, 2]
    assert growth.missed


def test_a_script_makes_new_what_is_new_in_every_login_and_keeps_the_rest() -> None:
    login, key = "01KAG0Q3W4M9T6E2X8D5B7N1CV", bytes(range(32))
    sent = [
        ("SELECT pg_advisory_xact_lock(-77)", ()),
        ("INSERT INTO a (b, c) VALUES ($1, $2)", (login, key)),
        ("SELECT $2, $1, $3, $4, $5", (login, None, 7, "it's: so", key + b"\x01")),
    ]
    lines = script(sent).splitlines()
    assert lines[1] == "SELECT pg_advisory_xact_lock(:run);"
    (login_spelt,) = {line[line.index("substr(") :].split(", 26)")[0] for line in lines if "substr(" in line}
    assert login not in script(sent)
    assert "26" not in login_spelt
    assert "NULL" in lines[3]
    assert ", 7, ('it''s'||chr(58)||' so')," in lines[3]
    assert lines[3].endswith("|| '\\x01'::bytea;")


def test_a_request_says_how_long_its_body_is() -> None:
    made = request_bytes("http://127.0.0.1:80/a?b=c", "POST", {"X": "y"}, "é")
    assert made == b"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:80\r\nX: y\r\nContent-Length: 2\r\n\r\n" + "é".encode()
