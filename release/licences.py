# SPDX-License-Identifier: Apache-2.0
"""The licence of everything that an installation runs, and that none of them binds what is built on it.

`python -m release.licences` writes docs/reference/licences.md from the lock file and the packages' own metadata.
"""

import re
from functools import cache
from importlib import metadata
from pathlib import Path

from release.tools import ROOT, UV, ReleaseError, run

PAGE = ROOT / "docs" / "reference" / "licences.md"
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0",
    "Unlicense", "Zlib",
}  # fmt: skip
"""SPDX names. MPL-2.0 binds changes of its own files alone, and none is changed or shipped here."""
ELSEWHERE = {
    "async-timeout": "Apache-2.0",
    "backports-tarfile": "MIT",
    "colorama": "BSD-3-Clause",
    "deprecated": "MIT",
    "httpx2-jsfetch": "BSD-3-Clause",
    "importlib-metadata": "Apache-2.0",
    "jeepney": "MIT",
    "lazy-importer": "Apache-2.0",
    "pywin32-ctypes": "BSD-3-Clause",
    "secretstorage": "BSD-3-Clause",
    "tzdata": "Apache-2.0",
    "uvloop": "MIT",
    "zipp": "MIT",
}
"""Of packages that only some systems or Pythons get, as their metadata says it there."""
_SPELLINGS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
_HEAD = """\
<!-- Written by `python -m release.licences` from the lock file and the packages' metadata: change those, not this. -->
# Licences of what an installation runs

Counterfoil is under Apache-2.0 and ships no code of others. These are the packages that an installation with every
extra brings along, on any system; what develops and tests it is not among them. `release/licences.py` lists the
licences that are allowed, and a test refuses every other.

| package | licence |
|---|---|
"""


@cache
def locked() -> tuple[str, ...]:
    """The names of all packages that either distribution can bring, on any system, with any extra."""
    command = [UV, "export", "--quiet", "--locked", "--all-packages", "--all-extras", "--no-dev", "--no-hashes"]
    lines = run([*command, "--no-emit-workspace", "--no-header", "--no-annotate"], cwd=ROOT).splitlines()
    return tuple(sorted({line.partition("==")[0] for line in lines if line}))


def licence_of(package: str) -> str:
    """As an SPDX expression.

    Raises ReleaseError where neither its metadata nor ELSEWHERE knows one.
    """
    try:
        read = metadata.distribution(package).metadata
    except metadata.PackageNotFoundError:
        if package in ELSEWHERE:
            return ELSEWHERE[package]
        raise ReleaseError(f"{package} is not installed here: look its licence up, and add it to ELSEWHERE") from None
    said = _field(read, "License-Expression") or _in_words(_field(read, "License"))
    if said:
        return said
    classifiers = [str(each).rpartition(" :: ")[2] for each in read.get_all("Classifier") or [] if "License ::" in each]
    names = [_SPELLINGS[each] for each in classifiers if each in _SPELLINGS]
    if not names:
        raise ReleaseError(f"{package} does not say what its licence is")
    return " OR ".join(names)


def _field(read: metadata.PackageMetadata, name: str) -> str:
    return read[name].strip() if name in read else ""


def _in_words(text: str) -> str:
    """The free field: a name, or the whole licence with its name on the first line."""
    first = text.strip().partition("\n")[0].strip()
    return _SPELLINGS.get(first, first) if len(first) < 40 else ""  # noqa: PLR2004 - longer ones are no names


def binds(expression: str) -> bool:
    """Whether what is under it can only be used on conditions that ALLOWED does not list."""
    ways = re.split(r"\s+OR\s+", expression)
    return not any(all(each in ALLOWED for each in re.split(r"\s+AND\s+", way)) for way in ways)


def listed() -> dict[str, str]:
    """Each package with its licence.

    Raises ReleaseError where one binds.
    """
    found = {package: licence_of(package) for package in locked()}
    binding = [f"{package} ({licence})" for package, licence in found.items() if binds(licence)]
    if binding:
        raise ReleaseError(f"licences that ALLOWED does not list: {', '.join(binding)}")
    return found


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(f"| {package} | {licence} |\n" for package, licence in listed().items())


def written(folder: Path) -> None:
    """Put the list beside the archives."""
    (folder / "LICENCES.md").write_text(page(), "utf-8")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
