# SPDX-License-Identifier: Apache-2.0
"""The house's floors: import-linter's contracts hold, and each planted breach of them is caught."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {"counterfoil_service": ROOT / "service" / "src", "counterfoil_client": ROOT / "client_sdk" / "src"}
BREACHES = [
    ("counterfoil_service/core/login.py", "import litestar", "core is pure"),
    ("counterfoil_service/core/budget.py", "import time", "core is pure"),
    ("counterfoil_service/core/story.py", "from counterfoil_service.crypto import keys", "Arrows point down only"),
    ("counterfoil_service/db/users.py", "from counterfoil_service.operations import opener", "Arrows point down only"),
    ("counterfoil_service/settings/parsers.py", "from counterfoil_service.db import tables", "Arrows point down only"),
    ("counterfoil_service/web/oauth.py", "from counterfoil_service.mail import outbox", "Arrows point down only"),
    ("counterfoil_service/mail/outbox.py", "from counterfoil_service.web import pages", "Arrows point down only"),
    ("counterfoil_service/waiting.py", "from counterfoil_service.web import pace", "Arrows point down only"),
    ("counterfoil_service/operations/start_login.py", "import litestar", "operations never see HTTP"),
    ("counterfoil_service/operations/start_login.py", "import secrets", "operations never see HTTP"),
    ("counterfoil_service/operations/start_login.py", "import time", "operations never see HTTP"),
    ("counterfoil_service/web/oauth.py", "import counterfoil_client", "The two distributions"),
    ("counterfoil_client/client.py", "import counterfoil_service", "The two distributions"),
    ("counterfoil_client/resource/server.py", "import counterfoil_client.client", "An API that verifies"),
    ("counterfoil_client/stores/file.py", "import httpx2", "_http is the SDK's only importer"),
    ("counterfoil_client/_fingerprint/collect.py", "import httpx2", "_http is the SDK's only importer"),
]


def lint(sources: list[Path]) -> "subprocess.CompletedProcess[str]":
    """Run lint-imports with our contracts over these folders, in a process of its own as it caches what it reads."""
    script = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", script, "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, sources)), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd=sources[0])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages somewhere else, to plant something in."""
    folder = tmp_path_factory.mktemp("copy")
    for name, source in SOURCES.items():
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_contracts_hold() -> None:
    done = lint(list(SOURCES.values()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_every_planted_breach_is_caught_by_its_contract(copy: Path) -> None:
    """One run for all of them: each must be named, as its own file and by its own contract."""
    before = {path: (copy / path).read_text("utf-8") for path, _, _ in BREACHES}
    try:
        for path, line, _ in BREACHES:
            with (copy / path).open("a", encoding="utf-8") as file:
                file.write(f"\n{line}\n")
        done = lint([copy])
    finally:
        for path, text in before.items():
            (copy / path).write_text(text, "utf-8")
    assert done.returncode != 0
    broken = " ".join(done.stdout.partition("Broken contracts")[2].split())
    for path, line, contract in BREACHES:
        importer, imported = path.removesuffix(".py").replace("/", "."), line.replace(" import ", ".").split()[-1]
        seen = f"{importer} -> {imported} "
        assert seen in broken.partition(contract)[2], f"{seen} was not seen:\n{done.stdout}"


def test_the_copy_without_a_breach_passes(copy: Path) -> None:
    assert lint([copy]).returncode == 0
