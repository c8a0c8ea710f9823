# SPDX-License-Identifier: Apache-2.0
"""Build twice; both times must give the same bytes, so that anybody can check a release against its source."""

import hashlib
import tempfile
from pathlib import Path

from release.tools import ROOT, UV, ReleaseError, run

SUMS = "SHA256SUMS"


def build(folder: Path) -> list[Path]:
    """The sdist and the wheel of each distribution in `folder`, and their sums; those of earlier builds are gone."""
    for old in [*folder.glob("counterfoil*"), *folder.glob(SUMS)]:
        old.unlink()
    built = _build(folder)
    with tempfile.TemporaryDirectory(prefix="counterfoil-release-") as again:
        second = sums(_build(Path(again)))
    first = sums(built)
    if first != second:
        changed = sorted(name for name in first if first[name] != second.get(name))
        raise ReleaseError(f"two builds of one source differ: {', '.join(changed)}")
    (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(first.items())), "ascii")
    return built


def _build(folder: Path) -> list[Path]:
    run([UV, "build", "--all-packages", "--quiet", "--out-dir", folder], cwd=ROOT)
    return sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")])


def sums(files: list[Path]) -> dict[str, str]:
    """The SHA-256 of each, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
