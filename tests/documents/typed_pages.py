# SPDX-License-Identifier: Apache-2.0
"""Which pages show what is typed, and how the tests type it."""

from collections.abc import Mapping
from pathlib import Path

from support.documented import script_of, type_all
from support.processes import SECRET_KEY, RunningService, free_port

ALONE = (
    "README.md",
    "docs/how-to/codes-in-the-mail.md",
    "docs/how-to/console.md",
    "docs/how-to/deep-links.md",
    "docs/how-to/key-rotation.md",
    "docs/how-to/languages-and-looks.md",
    "docs/how-to/mail.md",
    "docs/how-to/protect-a-site.md",
    "docs/how-to/reverse-proxy.md",
    "docs/how-to/siem.md",
    "docs/how-to/sign-in-for-websites.md",
    "examples/README.md",
)
"""Pages that begin with nothing."""
ON_POSTGRESQL = ("docs/how-to/postgresql.md", "docs/how-to/several-replicas.md")
BY_HAND = "docs/how-to/mail-by-hand.md"
UPGRADE = "docs/how-to/upgrade.md"
WITH_A_STORY = {
    BY_HAND: "typed/test_pages.py",
    UPGRADE: "typed/test_pages.py",
    "docs/how-to/backup-and-restore.md": "typed/test_backup.py",
    "docs/how-to/incident-leaked-database.md": "typed/test_incidents.py",
    "docs/how-to/incident-phishing-wave.md": "typed/test_incidents.py",
    "docs/how-to/incident-stolen-laptop.md": "typed/test_incidents.py",
    "docs/tutorial/first-app.md": "typed/test_first_app.py",
}
_KEY_FILE = "/run/secrets/counterfoil"


def typed_alone(page: str, folder: Path, replaced: Mapping[str, str] | None = None) -> str:
    """Type a page where there is nothing yet; what is printed."""
    script = script_of(page)
    key = folder / "key"
    key.write_text(SECRET_KEY, "utf-8")
    words = dict(replaced or {}) | ({_KEY_FILE: str(key)} if _KEY_FILE in script else {})
    # Where the page makes or names a key, another one beside it would be a mistake of the operator.
    own_key = None if "COUNTERFOIL_SECRET_KEY" in script else SECRET_KEY
    return type_all(script, RunningService(folder, secret_key=own_key), free_port(), {}, words)
