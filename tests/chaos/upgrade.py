# SPDX-License-Identifier: Apache-2.0
"""A made-up next release, whose only difference is a migration; replicas are led over to it one after another."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import counterfoil_service
from chaos.world import World
from counterfoil_service.db import migrate

_MIGRATION = '''# SPDX-License-Identifier: Apache-2.0
"""What a next release may add: a column, a table, an index."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("logins", sa.Column("of_the_next_release", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("of_the_next_release", sa.Integer(), nullable=True))
    op.create_table("next_release", sa.Column("id", sa.Text(), primary_key=True))
    op.create_index("ix_sessions_next_release", "sessions", ["of_the_next_release"])


def downgrade() -> None:
    op.drop_index("ix_sessions_next_release")
    op.drop_table("next_release")
    op.drop_column("sessions", "of_the_next_release")
    op.drop_column("logins", "of_the_next_release")
'''


def next_release(folder: Path) -> Path:
    """A folder for the path of Python, with this service and one migration more."""
    here = Path(counterfoil_service.__file__).parent
    there = folder / here.name
    shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(migrate.script_location(), there / "_alembic", ignore=shutil.ignore_patterns("__pycache__"))
    head = migrate.head()
    revision = f"{int(head) + 1:04}"
    text = _MIGRATION.format(revision=revision, head=head)
    (there / "_alembic" / "versions" / f"{revision}_of_the_next_release.py").write_text(text, "utf-8")
    return folder


@contextmanager
def roll(world: World, _random: Random) -> Iterator[None]:
    """As the how-to says: migrate while the old ones serve, then restart one after another."""
    release = next_release(world.folder / "next-release")
    first, *_ = world.replicas
    world.clerk.release = release
    # A new one does not start before its schema is there.
    first.stop()
    first.release = release
    assert "counterfoil migrate" in first.refused_start(), "it must say what is to be done"
    first.release = None
    first.start()
    world.clerk.told("migrate")
    for replica in world.replicas:
        replica.stop()
        replica.release = release
        replica.start()
    world.upgraded = True
    yield
