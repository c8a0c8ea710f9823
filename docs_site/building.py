# SPDX-License-Identifier: Apache-2.0
"""From pages to the folder that a web server, or nobody but a browser, can show."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docs_site.staging import ROOT, stage


class BuildFailedError(Exception):
    """What zensical said when it gave up."""


def build(output: Path) -> int:
    """Put the site where `output` says, in place of what was there; how many pages it has."""
    with tempfile.TemporaryDirectory(prefix="counterfoil-docs-") as name:
        folder = Path(name).resolve()
        count = stage(folder / "docs")
        shutil.copyfile(ROOT / "zensical.toml", folder / "zensical.toml")
        command = [sys.executable, "-m", "zensical", "build", "--strict"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            raise BuildFailedError(done.stdout + done.stderr)
        if output.exists():
            shutil.rmtree(output)
        shutil.copytree(folder / "site", output)
    return count
