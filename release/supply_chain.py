# SPDX-License-Identifier: Apache-2.0
"""What a release is made of (CycloneDX 1.5), and whether somebody has found a hole in it."""

import json
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from release import building, licences
from release.contents import versions
from release.tools import ROOT, UV, run

_PROBE = "https://pypi.org/pypi/{name}/{version}/json"
_PROBE_SECONDS = 10


def bills(folder: Path, archives: list[Path]) -> list[Path]:
    """A bill of materials for each distribution, from the lock file: names, versions, digests, licences."""
    written = []
    for package, version in versions(archives).items():
        name = package.replace("_", "-")
        command = [UV, "export", "--quiet", "--locked", "--format", "cyclonedx1.5", "--package", name, "--all-extras"]
        bill = json.loads(run([*command, "--no-dev", "--preview-features", "sbom-export"], cwd=ROOT))
        ours = [path for path in archives if path.name.startswith(f"{package}-")]
        path = folder / f"{name}-{version}.cdx.json"
        path.write_text(json.dumps(completed(bill, ours), indent=1) + "\n", "utf-8")
        written.append(path)
    return written


def completed(bill: dict[str, Any], ours: list[Path]) -> dict[str, Any]:
    """With the licence of every component, and the digests of our own archives."""
    known = licences.listed()
    for component in bill["components"]:
        component["licenses"] = [{"expression": known.get(component["name"], "Apache-2.0")}]
    root = bill["metadata"]["component"]
    root["licenses"] = [{"expression": "Apache-2.0"}]
    root["purl"] = f"pkg:pypi/{root['name']}@{root['version']}"
    root["externalReferences"] = [
        {"type": "distribution", "url": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
        for name, digest in building.sums(ours).items()
    ]
    return bill


def audited() -> str:
    """One line on known vulnerabilities: that there are none, or that nobody could be asked.

    Raises ReleaseError where there are some. pip-audit itself would say nothing where its source is out of reach.
    """
    with tempfile.TemporaryDirectory(prefix="counterfoil-release-") as folder:
        path = Path(folder) / "requirements.txt"
        command = [UV, "export", "--quiet", "--locked", "--all-packages", "--all-extras", "--no-dev", "--no-header"]
        path.write_text(run([*command, "--no-emit-workspace", "--no-annotate"], cwd=ROOT), "utf-8")
        name, _, rest = path.read_text("utf-8").partition("==")
        if not _answers(_PROBE.format(name=name, version=rest.split()[0])):
            return "pip-audit: pypi.org cannot be reached from here, so nothing was audited; run it where it can"
        audit = [UV, "run", "--quiet", "--isolated", "--locked", "--only-group", "release", "pip-audit", "--strict"]
        run([*audit, "--disable-pip", "--require-hashes", "--requirement", path], cwd=ROOT, seconds=600)
        return f"pip-audit: no known vulnerability in {len(licences.locked())} packages"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_PROBE_SECONDS) as answer:  # noqa: S310 - an address of ours
            return "vulnerabilities" in json.load(answer)
    except (urllib.error.URLError, TimeoutError, ValueError):
        return False
