# SPDX-License-Identifier: Apache-2.0
"""A23: whoever may write to the database changes the audit log. A thousand places at a time: `just audit-attack`."""

import asyncio
from collections.abc import Sequence

from attack.edits import FAR
from attack.kit.target import Target
from attack.kit.verdict import demand
from journeys.databases import execute, rows

ROW = "A23"
ATTACK = "entries of the audit log are edited in the database"


async def attack(target: Target) -> str:
    """Three kinds of edit to entries of our own, each undone; `audit verify` is asked before, each time, and after."""
    url = target.database()
    started = (await target.signed_in())["started"]
    assert (await target.told("audit", "checkpoint")).returncode == 0
    before = await target.told("audit", "verify")
    assert before.returncode == 0, f"the untouched log does not verify: {before.stderr[:200]}"
    edits = await asyncio.to_thread(_edits, url, started.login_id)
    named = []
    for what, there, back in edits:
        for sql in there:
            await asyncio.to_thread(execute, url, sql)
        verified = await target.told("audit", "verify")
        for sql in back:
            await asyncio.to_thread(execute, url, sql)
        demand(verified.returncode != 0, f"`audit verify` passes a log with {what}")
        named.append(what)
    after = await target.told("audit", "verify")
    assert after.returncode == 0, f"an edit was not undone: {after.stderr[:200]}"
    return f"`audit verify` objects to {', '.join(named)}, and passes the log before and after"


def _named(name: str, index: int) -> str:
    return f"UPDATE audit_events SET name = '{name}' WHERE leaf_index = {index}"  # noqa: S608 - an event's name


def _edits(url: str, login_id: str) -> Sequence[tuple[str, Sequence[str], Sequence[str]]]:
    """What is done, and how it is undone: all values are numbers, or were read there."""
    found = rows(
        url,
        "SELECT leaf_index, name FROM audit_events WHERE login_id = ? AND leaf_index IS NOT NULL ORDER BY leaf_index",
        login_id,
    )
    (first, name), (second, _) = found[:2]
    at = f"WHERE leaf_index = {first}"
    put = "UPDATE audit_events SET leaf_index ="
    swap = [
        f"{put} {FAR} {at}",
        f"{put} {first} WHERE leaf_index = {second}",
        f"{put} {second} WHERE leaf_index = {FAR}",
    ]
    return [
        ("an entry changed", [_named("login.denied", first)], [_named(name, first)]),
        ("an entry gone", [f"{put} {FAR} {at}"], [f"{put} {first} WHERE leaf_index = {FAR}"]),
        ("two entries swapped", swap, swap),
    ]  # fmt: skip
