# SPDX-License-Identifier: Apache-2.0
"""All runs on one engine: people, a service in a process of its own, and requests of all kinds in random order."""

import asyncio
import difflib
import json
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from attack.enumeration_asking import Connection
from attack.enumeration_figures import EngineRuns, Run
from attack.enumeration_people import KINDS, Kind, Person, address_of, mailed, populate, untruths
from benchmarks.harness.databases import home_of
from benchmarks.harness.figures import Engine
from support.background import wait_until
from support.processes import RunningService

ROOMY: Final = "address_range=1000000/60,device_key=1000/60,application=1000000/60,service=1000000/60"
"""What an address gives away is asked beyond what budgets of the caller allow; those of mailboxes are as by default."""
WARM_UP: Final = 20
"""Requests of each kind before a run that count for nothing."""
PAUSE_SECONDS: Final = 0.01
"""After each answer: the mail of one request, written behind its answer, is not to slow the next one."""
PAUSE_BETWEEN_PAIRS: Final = 0.05
"""Where it is to slow the next one, but not the next pair."""
MAIL_SECONDS: Final = 30

Tell = Callable[[str], None]


class _Asked:
    """What was asked so far, and what came back. `after` sends a second request at once, for nobody, and times that."""

    def __init__(self, connection: Connection, after: Connection | None) -> None:
        self.people: dict[str, Person] = {}
        self.shapes: dict[str, set[Kind]] = {}
        self._connection = connection
        self._after = after

    def __call__(self, person: Person) -> int:
        """Ask for one; how many microseconds it took."""
        time.sleep(PAUSE_SECONDS if self._after is None else PAUSE_BETWEEN_PAIRS)
        nobody = b"" if self._after is None else self._after.prepared(f"f{len(self.people):06}@example.com")
        seconds, answer = self._connection.ask(self._connection.prepared(address_of(person)))
        if self._after is not None:
            seconds, _ = self._after.ask(nobody)
        self.shapes.setdefault(answer.shape, set()).add(person[0])
        self.people[json.loads(answer.body)["login_id"]] = person
        return round(seconds * 1e6)


def measured(
    engine: Engine, count: int, runs: int, tell: Tell, warm_up: int = WARM_UP, *, after: bool = False
) -> EngineRuns:
    """So many of each kind in each run; `after`: the times are those of a request that follows each at once."""
    each = count + warm_up
    with ExitStack() as ends:
        home = ends.enter_context(home_of(engine))
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-enumeration-")))
        service = _service(home.fresh("counterfoil"), folder)
        tell(f"{engine}: {each * runs * len(KINDS):,} people")
        asyncio.run(populate(service, [(kind, number) for kind in KINDS for number in range(each * runs)]))
        found = list[Run]()
        with service, Connection(service.address) as connection, Connection(service.address) as other:
            asked = _Asked(connection, other if after else None)
            for run in range(runs):
                tell(f"{engine}: run {run + 1} of {runs}")
                times = _one_run(range(run * each, (run + 1) * each), asked)
                found.append(Run({kind: taken[warm_up:] for kind, taken in times.items()}))
            wait_until(lambda: len(mailed(folder / "mail")) >= each * runs, "every mail to leave", MAIL_SECONDS)
        wrong = [*_differences(asked.shapes), *asyncio.run(untruths(service, asked.people, folder / "mail"))]
        return EngineRuns(engine, home.about, len(asked.people), found, wrong)


def _service(url: str, folder: Path) -> RunningService:
    settings = {"database_url": url, "mail_url": f"file:{folder / 'mail'}", "sign_up": "invited", "budgets": ROOMY}
    return RunningService(folder, None, **settings)


def _one_run(numbers: Sequence[int], asked: _Asked) -> Mapping[Kind, list[int]]:
    """Whatever else the machine does meets all kinds alike: they alternate in random order."""
    order, times = random.Random(numbers[0]), {kind: list[int]() for kind in KINDS}
    for number in numbers:
        for kind in order.sample(KINDS, len(KINDS)):
            times[kind].append(asked((kind, number)))
    return times


def _differences(shapes: Mapping[str, set[Kind]]) -> list[str]:
    """How answers differ, where they do."""
    (first, kinds), *others = shapes.items()
    return [
        "\n".join(
            difflib.unified_diff(
                first.splitlines(), other.splitlines(), ", ".join(sorted(kinds)), ", ".join(sorted(whose)), lineterm=""
            )
        )
        for other, whose in others
    ]
