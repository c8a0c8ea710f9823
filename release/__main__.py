# SPDX-License-Identifier: Apache-2.0
"""`just build`: everything between a commit and a release, in the order in which it is likely to fail."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from release import building, contents, environments, interpreters, licences, supply_chain
from release.tools import ROOT, ReleaseError


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where the archives in dist/ may be released."""
    parser = argparse.ArgumentParser(prog="just build", description=__doc__)
    parser.add_argument("--out-dir", type=Path, default=ROOT / "dist", help="where the archives go (dist/)")
    parser.add_argument("--quick", action="store_true", help="build and look into the archives, install nothing")
    options = parser.parse_args(arguments)
    try:
        options.out_dir = options.out_dir.resolve()
        archives = _archives(options.out_dir)
        licences.written(options.out_dir)
        supply_chain.bills(options.out_dir, archives)
        _say(f"bills of material and licences in {options.out_dir.name}/")
        if not options.quick:
            _tried(archives)
            _say(supply_chain.audited())
    except ReleaseError as error:
        sys.stderr.write(f"not to be released: {error}\n")
        return 1
    return 0


def _archives(folder: Path) -> list[Path]:
    archives, tracked = building.build(folder), contents.sources()
    for archive in archives:
        found = contents.troubles(archive, tracked)
        if found:
            raise ReleaseError(f"{archive.name}: " + "; ".join(found))
        _say(f"{archive.name}: {archive.stat().st_size // 1024} KiB, its contents are those of the source")
    _say("a second build gave the same bytes")
    return archives


def _tried(archives: list[Path]) -> None:
    wheels = {path.name.split("-")[0]: path for path in archives if path.suffix == ".whl"}
    missing = []
    for version in interpreters.SUPPORTED:
        python = interpreters.find(version)
        if python is None:
            missing.append(version)
            continue
        tried = environments.attempt(version, python, wheels)
        _say(f"Python {version}: {tried.packages} packages, {tried.demo} ({tried.seconds:.0f} s with installing)")
    if missing:
        raise ReleaseError(f"not tried on Python {', '.join(missing)}: this machine has none; pyenv or uv installs it")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
