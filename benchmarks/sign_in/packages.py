# SPDX-License-Identifier: Apache-2.0
"""The peers' packages, installed once into a folder that is not committed."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "peers"
INSTALLED = Path(__file__).resolve().parents[1] / ".peers"
INSTALL_SECONDS = 600


def better_auth_folder() -> Path:
    """With its node_modules; `FileNotFoundError` where there is no npm."""
    if shutil.which("npm") is None:
        raise FileNotFoundError("npm was not found: install Node.js 20 or newer, or leave Better Auth out by --without")
    folder = _copied("better_auth")
    if not (folder / "node_modules").exists():
        _run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", folder=folder)
    return folder


def django_sesame_python() -> Path:
    """The interpreter of an environment with its packages."""
    folder = _copied("django_sesame")
    python = folder / "environment" / "bin" / "python"
    if not python.exists():
        _run(sys.executable, "-m", "venv", "environment", folder=folder)
        _run(str(python), "-m", "pip", "install", "--quiet", "-r", "requirements.txt", folder=folder)
    return python


def django_sesame_folder() -> Path:
    """Where its application lies."""
    return django_sesame_python().parents[2]


def _copied(name: str) -> Path:
    folder = INSTALLED / name
    shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
    return folder


def _run(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, timeout=INSTALL_SECONDS, stdout=subprocess.DEVNULL)
