# SPDX-License-Identifier: Apache-2.0
"""corpus.jsonl: a line for each machine, for each event, and for each pair of both: what each refresh sees changed.

The values are raw, so that whoever distrusts our weights can score the same pairs with their own.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from calibration.events import Seen
from counterfoil_client._fingerprint.profile import Profile

CORPUS = Path(__file__).parent / "corpus.jsonl"


@dataclass(frozen=True, slots=True)
class Pair:
    """A machine as it was, and what is seen of it afterwards, refresh by refresh."""

    machine: str
    half: str
    event: str
    group: str
    honest: bool
    before: Profile
    seen: tuple[Seen, ...]


def lines(pairs: Iterable[Pair]) -> Iterator[str]:
    """The file, line by line."""
    told = set[str]()
    for pair in pairs:
        if pair.machine not in told:
            yield _line({"machine": pair.machine, "half": pair.half, "profile": _changes(Profile(), pair.before)})
        if pair.event not in told:
            label = "honest" if pair.honest else "hostile"
            yield _line({"event": pair.event, "label": label, "group": pair.group})
        told |= {pair.machine, pair.event}
        yield _line({"of": pair.machine, "after": pair.event, "seen": list(_steps(pair))})


def read(path: Path = CORPUS) -> Iterator[Pair]:
    """The pairs of a file."""
    machines: dict[str, dict[str, Any]] = {}
    events: dict[str, dict[str, Any]] = {}
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if "machine" in row:
            machines[row["machine"]] = row
        elif "event" in row:
            events[row["event"]] = row
        else:
            yield _pair(machines[row["of"]], events[row["after"]], row["seen"])


def _pair(machine: dict[str, Any], event: dict[str, Any], steps: list[dict[str, str | None] | None]) -> Pair:
    before = Profile(**machine["profile"])
    honest, seen, last = event["label"] == "honest", list[Seen](), before
    for changes in steps:
        last = last if changes is None else replace(last, **changes)
        seen.append(None if changes is None else last)
    return Pair(machine["machine"], machine["half"], event["event"], event["group"], honest, before, tuple(seen))


def _steps(pair: Pair) -> Iterator[dict[str, str | None] | None]:
    """What each refresh changed since the one before; None where there was no fingerprint."""
    last = pair.before
    for seen in pair.seen:
        yield None if seen is None else _changes(last, seen)
        last = seen or last


def _changes(before: Profile, after: Profile) -> dict[str, str | None]:
    then, now = asdict(before), asdict(after)
    return {name: now[name] for name in then if now[name] != then[name]}


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
