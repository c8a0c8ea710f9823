# SPDX-License-Identifier: Apache-2.0
"""Give a migrated database a plausible past, for the console to show. No service may run on it meanwhile.

Made of COUNTERFOIL_SECRET_KEY as it is in the environment, which whatever serves it then must have, too.
"""

import asyncio
import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from benchmarks.console import names
from benchmarks.console.past import Past
from benchmarks.console.trouble import Trouble
from benchmarks.growth.filling import fill
from benchmarks.growth.history import SPAN
from benchmarks.harness.bulk import settle
from counterfoil_service.core.application import Application
from counterfoil_service.core.login import SECOND
from counterfoil_service.db.engine import Database
from counterfoil_service.db.open import open_database
from counterfoil_service.db.prepared import Statement
from counterfoil_service.db.tables import logins
from counterfoil_service.db.unlock import WrongSecretKeyError, unlock
from counterfoil_service.operations.add_application import add_application
from counterfoil_service.operations.seal_events import seal_events
from counterfoil_service.settings import Settings, SettingsError, load, read_dotenv

LOGINS = 100_000
_FEWEST = 200
_BATCH = 5_000
_COUNT_LOGINS = Statement(select(func.count()).select_from(logins))


class CannotSeedError(Exception):
    """Says why, and what to do about it."""


async def seed(settings: Settings, size: int, now: int) -> Past:
    """The same for the same `now` (microseconds UTC) on either engine, up to what the service's keys make of it."""
    if size < _FEWEST:
        raise CannotSeedError(f"--logins: {_FEWEST} at the least, or there is nothing to see")
    url, entropy = settings.database_url.reveal(), Random(1).randbytes
    database = await open_database(url)
    try:
        if await database.schema() != "current":
            raise CannotSeedError("the database has no tables of this release: run `counterfoil migrate` first")
        keys = await unlock(database, settings, clock=lambda: now - SPAN, entropy=entropy)
        await _register(database, now - SPAN)
    finally:
        await database.close()
    past = Past(size, now, keys)
    await fill(url, past.rows())
    database = await open_database(url)
    try:
        await unlock(database, settings, clock=lambda: now, entropy=entropy)
        await database.write(Trouble(past).all_of, None)
        while (await database.write(seal_events, _BATCH)).count:
            pass
    finally:
        await database.close()
    await settle(url)
    return past


async def _register(database: Database, now: int) -> None:
    ((count,),) = await database.read(lambda tx: tx.all(_COUNT_LOGINS, {}))
    if count:
        raise CannotSeedError("the database holds logins already: give one that `counterfoil migrate` has just made")
    for number, name in enumerate(names.APPLICATIONS):
        application = Application(f"app-{number:02}", name, ("email",), (), "required", "optional", now)
        await database.write(add_application, application)


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 2 where it cannot be done."""
    parser = ArgumentParser(prog="just seed", description=__doc__)
    parser.add_argument("--database-url", help="of a migrated database; COUNTERFOIL_DATABASE_URL if it is not given")
    parser.add_argument("--logins", type=int, default=LOGINS, help=f"of the last thirty days ({LOGINS:,})")
    options = parser.parse_args(arguments)
    environ = {**read_dotenv(Path(".env")), **os.environ}
    if options.database_url:
        environ["COUNTERFOIL_DATABASE_URL"] = options.database_url
    try:
        settings = load(environ)
        began = time.monotonic()
        past = asyncio.run(seed(settings, options.logins, time.time_ns() // (1000 * SECOND) * SECOND))
    except (CannotSeedError, SettingsError, WrongSecretKeyError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{past.size:,} logins of {past.people:,} people, in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
