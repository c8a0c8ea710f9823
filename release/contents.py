# SPDX-License-Identifier: Apache-2.0
"""What is in the archives: every file of the source, the licence, and nothing else."""

import email
import email.message
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from release.tools import ROOT, run

MEMBERS = {"counterfoil_client": "client_sdk", "counterfoil_service": "service"}
"""Each package, and the folder of its distribution."""
_OF_SDIST = ("LICENSE", "README.md", "pyproject.toml", "PKG-INFO", ".gitignore")
_OF_DIST_INFO = ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE")
_OF_COMMAND = {"counterfoil_service": ("entry_points.txt",)}
_NEEDED = {
    "counterfoil_client": ("counterfoil_client/py.typed",),
    "counterfoil_service": (
        "counterfoil_service/py.typed",
        "counterfoil_service/web/templates/link.html",
        "counterfoil_service/web/console/templates/base.html",
        "counterfoil_service/web/console/static/console.js",
        "counterfoil_service/mail/templates/link.txt",
        "counterfoil_service/languages/de.po",
        "counterfoil_service/_alembic/env.py",
        "counterfoil_service/_alembic/versions/0001_create_the_first_schema.py",
    ),
}
_LICENCE = "Apache-2.0"


def sources() -> list[str]:
    """Every file of the repository that git knows or would take, as POSIX paths."""
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT)
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


def expected_of_wheel(package: str, tracked: Iterable[str], version: str) -> set[str]:
    """The names that its wheel has to have, no more and no fewer."""
    source, migrations = f"{MEMBERS[package]}/src/", "alembic/"
    names = {name.removeprefix(source) for name in tracked if name.startswith(source)}
    if package == "counterfoil_service":
        names |= {
            f"{package}/_alembic/{name.removeprefix(migrations)}" for name in tracked if name.startswith(migrations)
        }
    info = f"{package}-{version}.dist-info"
    return names | {f"{info}/{name}" for name in (*_OF_DIST_INFO, *_OF_COMMAND.get(package, ()))}


def expected_of_sdist(package: str, tracked: Iterable[str], version: str) -> set[str]:
    """The same of its sdist, from which the wheel is built."""
    folder = f"{MEMBERS[package]}/"
    names = {name.removeprefix(folder) for name in tracked if name.startswith(f"{folder}src/")} | set(_OF_SDIST)
    if package == "counterfoil_service":
        names |= {name for name in tracked if name.startswith("alembic/")}
    return {f"{package}-{version}/{name}" for name in names}


def troubles(archive: Path, tracked: Iterable[str]) -> list[str]:
    """What is wrong with an archive; nothing where all is well."""
    package, version = archive.name.removesuffix(".tar.gz").split("-")[:2]
    files = _of_wheel(archive) if archive.suffix == ".whl" else _of_sdist(archive)
    if archive.suffix == ".whl":
        expected, metadata = expected_of_wheel(package, tracked, version), f"{package}-{version}.dist-info/METADATA"
        needed = set(_NEEDED[package])
    else:
        expected, metadata = expected_of_sdist(package, tracked, version), f"{package}-{version}/PKG-INFO"
        needed = set()
    return [
        *(f"{name} is missing" for name in sorted((expected | needed) - set(files))),
        *(f"{name} does not belong there" for name in sorted(set(files) - expected)),
        *_of_metadata(files.get(metadata, b""), package, version),
        *(f"{name} names a folder of this machine" for name, data in files.items() if _names_machine(data)),
    ]


def _of_metadata(data: bytes, package: str, version: str) -> list[str]:
    read = email.message_from_bytes(data)
    wanted = {"Name": package.replace("_", "-"), "Version": version, "License-Expression": _LICENCE}
    found = [f"its {name} is {read[name]!r} and not {value!r}" for name, value in wanted.items() if read[name] != value]
    if not read["Requires-Python"]:
        found.append("it does not say which Python it requires")
    if not _text(read).strip():
        found.append("it has no description")
    requirements = read.get_all("Requires-Dist") or []
    return found + [f"it requires {each!r}, which is nowhere but here" for each in requirements if "@" in each]


def _text(message: "email.message.Message[str, str]") -> str:
    return str(message.get_payload())


def _names_machine(data: bytes) -> bool:
    return any(str(each).encode() in data for each in (ROOT, Path.home()) if len(each.parts) > 2)  # noqa: PLR2004 - "/" and "/root" say nothing


def _of_wheel(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}


def _of_sdist(archive: Path) -> dict[str, bytes]:
    files = {}
    with tarfile.open(archive) as opened:
        for member in opened:
            stream = opened.extractfile(member) if member.isfile() else None
            if stream is not None:
                files[str(PurePosixPath(member.name))] = stream.read()
            elif not member.isdir():
                files[member.name] = b""
    return files


def versions(archives: Iterable[Path]) -> Mapping[str, str]:
    """The version of each distribution that was built."""
    return dict(path.name.split("-")[:2] for path in archives if path.suffix == ".whl")
