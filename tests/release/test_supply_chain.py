# SPDX-License-Identifier: Apache-2.0
"""Every package that an installation runs is named with a licence that binds nobody, and none is passed over."""

import json
import os
from pathlib import Path

import pytest

from release import interpreters, licences, supply_chain
from release.tools import ReleaseError


def test_every_package_is_listed_with_a_licence_that_is_allowed() -> None:
    found = licences.listed()
    assert set(found) == set(licences.locked())
    assert {"litestar", "cryptography", "keyring", "uvloop", "valkey", "pywin32-ctypes"} <= set(found)


def test_the_page_is_what_the_metadata_says() -> None:
    assert licences.PAGE.read_text("utf-8") == licences.page(), "run: python -m release.licences"


@pytest.mark.parametrize(
    "expression",
    ["GPL-3.0-or-later", "LGPL-3.0-only", "AGPL-3.0", "MIT AND GPL-2.0-only", "SSPL-1.0", "Proprietary", "UNKNOWN", "",
     "(MIT OR GPL-2.0-only) AND LGPL-2.1"],
)  # fmt: skip
def test_a_licence_that_binds_is_refused(expression: str) -> None:
    assert licences.binds(expression)


@pytest.mark.parametrize("expression", ["MIT", "MIT OR GPL-3.0-only", "MIT AND PSF-2.0", "GPL-2.0-only OR MIT AND ISC"])
def test_a_licence_that_leaves_a_way_is_taken(expression: str) -> None:
    assert not licences.binds(expression)


def test_a_package_that_binds_stops_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licences, "licence_of", lambda package: "GPL-3.0-only" if package == "rich" else "MIT")
    with pytest.raises(ReleaseError, match=r"rich \(GPL-3.0-only\)"):
        licences.listed()


def test_a_package_whose_licence_nobody_looked_up_stops_it_too() -> None:
    with pytest.raises(ReleaseError, match="add it to ELSEWHERE"):
        licences.licence_of("nobody-has-this")


def test_what_is_listed_by_hand_is_what_its_metadata_says_where_it_is_installed() -> None:
    """A package of ELSEWHERE may be installed here; then the two must agree."""
    for package, written in licences.ELSEWHERE.items():
        assert licences.licence_of(package) in {written, f"{written} OR Apache-2.0", f"Apache-2.0 OR {written}"}


def test_the_bills_name_every_package_with_version_licence_and_digests(archives: list[Path], tmp_path: Path) -> None:
    paths = supply_chain.bills(tmp_path, archives)
    bills = {path.name.rpartition("-")[0]: json.loads(path.read_text("utf-8")) for path in paths}
    assert sorted(bills) == ["counterfoil-client", "counterfoil-service"]
    named = {component["name"] for bill in bills.values() for component in bill["components"]}
    assert named - {"counterfoil-client"} == set(licences.locked())
    for name, bill in bills.items():
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
        assert all(each["licenses"][0]["expression"] and each["version"] for each in bill["components"])
        ours = {each["url"] for each in bill["metadata"]["component"]["externalReferences"]}
        assert ours == {path.name for path in archives if path.name.startswith(name.replace("-", "_"))}


def test_where_nobody_can_be_asked_about_holes_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply_chain, "_PROBE", "http://127.0.0.1:9/{name}/{version}")
    assert "nothing was audited" in supply_chain.audited()


def test_a_python_that_does_not_start_or_is_another_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version, says in {"3.12.1": "exit 127", "3.12.9": "echo 3.11 cpython", "3.12.5": "echo 3.12 pypy"}.items():
        path = tmp_path / "versions" / version / "bin" / "python"
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{says}\n", "ascii")
        path.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    found = interpreters.find("3.12")
    assert found is None or not found.is_relative_to(tmp_path)


def test_the_python_of_the_tests_is_found() -> None:
    assert any(interpreters.find(version) for version in interpreters.SUPPORTED)


def test_what_is_run_meets_nothing_of_this_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    from release.tools import bare_surroundings

    monkeypatch.setenv("PYTHONPATH", "tests")
    monkeypatch.setenv("COUNTERFOIL_PUBLIC_URL", "https://id.example")
    assert not {name for name in bare_surroundings() if name.startswith(("PYTHON", "COUNTERFOIL", "VIRTUAL_ENV"))}
    assert bare_surroundings()["PATH"] == os.environ["PATH"]
