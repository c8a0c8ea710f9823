# SPDX-License-Identifier: Apache-2.0
"""What the documents show to be typed: found, and run as it stands in one shell, beside a service or instead of one."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from support.processes import RunningService

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "client_sdk/README.md",
                 ROOT / "service/README.md", ROOT / "examples/README.md")
)  # fmt: skip
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>[^\n]*?) -->\n)?^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)

# What a page may call that a test must not do, or must do with ports and files of its own. A command that a page shows
# failing would end the script, as would a variable that nobody set.
_PRELUDE = """\
set -euo pipefail
pip() { :; }
counterfoil() { if [ "$1" = serve ]; then shift; _serve "$@"; else command counterfoil "$@"; fi; }
_serve() {
    command counterfoil serve "$@" --host 127.0.0.1 --port "$SCRIPT_PORT" >> served.log 2>&1 &
    SERVING=$!
    for _ in $(seq 300); do
        if curl --silent --fail --output /dev/null "http://127.0.0.1:$SCRIPT_PORT/health/ready"; then return; fi
        kill -0 "$SERVING" || { cat served.log >&2; return 1; }
        sleep 0.1
    done
    return 1
}
SERVING=
_leave() { if [ -n "$SERVING" ]; then kill "$SERVING"; wait "$SERVING" || true; SERVING=; fi; }
trap _leave EXIT
systemctl() { if [ "$1" = start ]; then _serve; else _leave; fi; }
"""
SCRIPT_SECONDS = 120


@dataclass(frozen=True)
class Block:
    """One block of a page; `mark` is the comment right before it, which nobody sees who reads the page."""

    page: str
    line: int
    language: str
    text: str
    mark: str

    @property
    def reason_not_to_run(self) -> str | None:
        """What the page says of a block that no test runs."""
        return self.mark.removeprefix("not run: ") if self.mark.startswith("not run: ") else None

    @property
    def scenes(self) -> list[str]:
        """In which of a page's scenes it is run; empty: in the only one."""
        return [name.strip() for name in self.mark.removeprefix("run: ").split(",")] if "run: " in self.mark else []


def blocks(page: str, *languages: str) -> Iterator[Block]:
    """The blocks of a page, of these languages or of all."""
    text = (ROOT / page).read_text("utf-8")
    for found in _BLOCK.finditer(text):
        if not languages or found["language"] in languages:
            line = text.count("\n", 0, found.start("language")) + 1
            yield Block(page, line, found["language"], textwrap.dedent(found["text"]), found["mark"] or "")


def script_of(page: str, scene: str = "") -> str:
    """All that a reader of this page types, in this scene of it."""
    chosen = [
        block.text
        for block in blocks(page, "sh")
        if block.reason_not_to_run is None and (not block.scenes or scene in block.scenes)
    ]
    assert chosen, f"{page}: nothing to run {scene}"
    return "\n".join(chosen)


def type_all(
    script: str, service: RunningService, port: int, extra: Mapping[str, str], replaced: Mapping[str, str]
) -> str:
    """Run it in the service's folder with its settings, and with other words where a page must make some up."""
    for word, real in replaced.items():
        assert word in script, f"the page does not say {word!r} any more"
        script = script.replace(word, real)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environ = {**service.environ, "PATH": path, "SCRIPT_PORT": str(port), "COLUMNS": "200", **extra}
    done = subprocess.run(
        ["bash", "-c", _PRELUDE + script],
        cwd=service.folder, env=environ, capture_output=True, text=True, timeout=SCRIPT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n--- {done.stdout}\n--- {done.stderr}"
    return done.stdout
