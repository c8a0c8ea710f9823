# SPDX-License-Identifier: Apache-2.0
"""Empty environments, as a stranger has them: install the wheels, look where they came from, sign somebody in."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from release.tools import ROOT, UV, ReleaseError, run

_WHERE = """\
import pathlib, sys, {package}
home = pathlib.Path({package}.__file__).resolve()
assert home.is_relative_to(pathlib.Path(sys.prefix).resolve()), home
assert (home.parent / "py.typed").is_file(), home.parent
"""
_ALONE = "import importlib.util; assert importlib.util.find_spec('counterfoil_service') is None"


@dataclass
class Tried:
    """What was run on one Python."""

    version: str
    packages: int
    demo: str
    seconds: float


def constraints(folder: Path) -> Path:
    """The locked versions of everything that a release can need, so that what is tried is what the bill lists."""
    path = folder / "constraints.txt"
    command = [UV, "export", "--quiet", "--locked", "--all-packages", "--all-extras", "--no-dev", "--no-hashes"]
    path.write_text(run([*command, "--no-emit-workspace", "--no-header", "--no-annotate"], cwd=ROOT), "utf-8")
    return path


def attempt(version: str, python: Path, wheels: dict[str, Path]) -> Tried:
    """Install and run on this Python, in a folder that is gone afterwards.

    Raises ReleaseError where anything fails.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="counterfoil-release-") as name:
        folder = Path(name)
        locked = constraints(folder)
        client, service = wheels["counterfoil_client"], wheels["counterfoil_service"]
        alone = _environment(folder / "client", python, locked, [str(client)])
        run([alone, "-c", _WHERE.format(package="counterfoil_client") + _ALONE], cwd=folder)
        both = _environment(folder / "both", python, locked, [str(client), f"{service}[demo,fast,geoip,redis]"])
        for package in wheels:
            run([both, "-c", _WHERE.format(package=package)], cwd=folder)
        run([UV, "pip", "check", "--quiet", "--python", both], cwd=folder)
        demo = run([both.parent / "counterfoil", "demo", "--auto"], cwd=folder, seconds=120)
        verdict = demo.strip().splitlines()[-1]
        if not verdict.startswith("ok: "):
            raise ReleaseError(f"the demo on {version} ended with {verdict!r}")
        left = sorted(path.name for path in folder.iterdir() if path.name not in {"client", "both", locked.name})
        if left:
            raise ReleaseError(f"the demo left {', '.join(left)} behind")
        installed = run([UV, "pip", "freeze", "--quiet", "--python", both], cwd=folder)
        return Tried(version, len(installed.splitlines()), verdict, time.monotonic() - began)


def _environment(folder: Path, python: Path, locked: Path, wanted: list[str]) -> Path:
    """Its interpreter."""
    run([UV, "venv", "--quiet", "--python", python, folder], cwd=folder.parent)
    inside = folder / "bin" / "python"
    run([UV, "pip", "install", "--quiet", "--python", inside, "--constraint", locked, *wanted], cwd=folder.parent)
    return inside
