# SPDX-License-Identifier: Apache-2.0
"""What a service loads it holds as long as it runs: nothing that SQLite and a schema of this release do not use."""

import subprocess
import sys
from pathlib import Path

from support.processes import RunningService

IDLE = (
    "aiosmtplib",
    "alembic",
    "argon2",
    "asyncpg",
    "babel",
    "mako",
    "opentelemetry.sdk",
    "prometheus_client",
    "pygments",
    "rich",
    "sqlalchemy.ext",
    "sqlalchemy.orm",
)

SERVE = """
import sys
from counterfoil_service.cli import main, serve

def tell():
    print(*(name for name in sys.argv[1:] if name in sys.modules))
    raise SystemExit

serve.calm_collector = tell
main.main(["serve", "--port", "0"])
"""


def loaded_by_a_start(folder: Path) -> set[str]:
    """Which of them are there when the service is about to answer."""
    service = RunningService(folder, database_url=f"sqlite:///{folder}/counterfoil.db")
    done = subprocess.run(
        [sys.executable, "-c", SERVE, *IDLE],
        cwd=folder,
        env=service.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


def test_alembic_is_loaded_by_the_start_that_migrates_and_by_no_other(tmp_path: Path) -> None:
    assert "alembic" in loaded_by_a_start(tmp_path)
    assert loaded_by_a_start(tmp_path) == set()
