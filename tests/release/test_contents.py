# SPDX-License-Identifier: Apache-2.0
"""The archives hold the whole source and nothing else, and one that does not is noticed."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from release import building, contents
from release.tools import ROOT


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    return contents.sources()


@pytest.fixture
def altered(archives: list[Path], tmp_path: Path) -> Callable[..., Path]:
    """The service's wheel with a file more, with other bytes, or without one."""

    def alter(name: str, data: bytes | None) -> Path:
        wheel = next(path for path in archives if path.name.startswith("counterfoil_service") and path.suffix == ".whl")
        changed = tmp_path / wheel.name
        with zipfile.ZipFile(wheel) as read, zipfile.ZipFile(changed, "w") as written:
            for each in read.namelist():
                if each != name:
                    written.writestr(each, read.read(each))
            if data is not None:
                written.writestr(name, data)
        return changed

    return alter


def test_both_distributions_are_built_as_wheel_and_sdist(archives: list[Path]) -> None:
    kinds = sorted((path.name.split("-")[0], path.suffix) for path in archives)
    assert kinds == [(package, suffix) for package in contents.MEMBERS for suffix in (".gz", ".whl")]


def test_they_hold_the_whole_source_and_nothing_else(archives: list[Path], tracked: list[str]) -> None:
    assert {path.name: contents.troubles(path, tracked) for path in archives} == {path.name: [] for path in archives}


def test_the_sums_are_those_of_the_files(archives: list[Path]) -> None:
    written = (archives[0].parent / building.SUMS).read_text("ascii").splitlines()
    assert dict(line.split("  ")[::-1] for line in written) == building.sums(archives)


@pytest.mark.parametrize("stranger", ["tests/test_secrets.py", "alembic/__init__.py", "counterfoil_service/key.pem"])
def test_what_does_not_belong_there_is_found(altered: Callable[..., Path], tracked: list[str], stranger: str) -> None:
    assert contents.troubles(altered(stranger, b""), tracked) == [f"{stranger} does not belong there"]


@pytest.mark.parametrize("name", contents._NEEDED["counterfoil_service"])
def test_what_is_missing_is_found(altered: Callable[..., Path], tracked: list[str], name: str) -> None:
    assert contents.troubles(altered(name, None), tracked) == [f"{name} is missing"]


def test_what_no_install_can_do_without_is_missed_even_where_the_source_lacks_it(
    altered: Callable[..., Path], tracked: list[str]
) -> None:
    page = "counterfoil_service/web/templates/link.html"
    without = [name for name in tracked if not name.endswith(page)]
    assert contents.troubles(altered(page, None), without) == [f"{page} is missing"]


def test_a_folder_of_the_machine_that_built_it_is_found(altered: Callable[..., Path], tracked: list[str]) -> None:
    name = "counterfoil_service/__main__.py"
    assert contents.troubles(altered(name, f"HERE = '{ROOT}'".encode()), tracked) == [
        f"{name} names a folder of this machine"
    ]


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"License-Expression": None}, "License-Expression is None"),
        ({"Version": "9"}, "Version is '9'"),
        ({"Name": "counterfoil"}, "Name is 'counterfoil'"),
        ({"Requires-Python": None}, "which Python"),
        ({"": "\n"}, "description"),
        ({"Requires-Dist": "counterfoil-client @ file:///somewhere"}, "nowhere but here"),
    ],
    ids=["licence", "version", "name", "python", "description", "requirement"],
)
def test_metadata_that_would_mislead_is_found(changes: dict[str, str | None], trouble: str) -> None:
    good = {"Name": "counterfoil-service", "Version": "0.1.0", "License-Expression": "Apache-2.0"}
    fields = good | {"Requires-Python": ">=3.11"} | changes
    text = "".join(f"{name}: {value}\n" for name, value in fields.items() if name and value)
    (found,) = contents._of_metadata(
        (text + "\n" + (changes.get("") or "It is.")).encode(), "counterfoil_service", "0.1.0"
    )
    assert trouble in found


def test_earlier_archives_go_and_what_is_others_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "counterfoil_client-0.0.1.tar.gz").touch()
    (tmp_path / "letter.txt").touch()
    monkeypatch.setattr(building, "_build", lambda folder: [shutil.copy(__file__, folder / "counterfoil_client-1.whl")])
    building.build(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        building.SUMS, "counterfoil_client-1.whl", "letter.txt"
    ]  # fmt: skip
