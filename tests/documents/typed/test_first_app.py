# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial/first-app.md, from its first command to its last, as somebody does it who reads it."""

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from support.background import wait_until
from support.documented import blocks, type_all
from support.processes import RunningService, free_port

PAGE = "docs/tutorial/first-app.md"
ADDRESS = "ada@example.com"
RUN = "python app.py\n"
SERVE = "counterfoil serve\n"
PORT = "8080"
SECONDS = 30


class Reader:
    """Two terminals and a browser; the port alone is another one than the page's."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        typed = [block.text for block in blocks(PAGE, "sh") if block.reason_not_to_run is None]
        self.setting_up, self.running, self.looking, self.leaving = (each.replace(PORT, str(port)) for each in typed)
        app, test = (block.text.replace(PORT, str(port)) for block in blocks(PAGE, "python"))
        (folder / "app.py").write_text(app, "utf-8")
        (folder / "test_app.py").write_text(test, "utf-8")
        exported = {
            name.lower(): value for name, value in re.findall(r"export COUNTERFOIL_(\w+)=(\S+)", self.setting_up)
        }
        self.service = RunningService(folder, port, **{"secret_key": None, **exported})
        self._home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "NO_PROXY": "127.0.0.1"}

    def types(self, script: str) -> str:
        """In the terminal that is free."""
        return type_all(script, self.service, self.service.port, self._home, {})

    def runs(self, program: str) -> "subprocess.Popen[str]":
        """With an address typed into it, should it ask for one."""
        started = subprocess.Popen(
            [sys.executable, program],
            cwd=self.service.folder, env={**self.service.environ, **self._home},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert started.stdin is not None
        started.stdin.write(f"{ADDRESS}\n")
        started.stdin.flush()
        return started

    def opens_the_link_and_types(self, code: str, links: int) -> None:
        """The newest link that the service's terminal shows, as soon as there are so many."""
        pattern = rf"{re.escape(self.service.public_url)}/l/([\w-]+)"
        found = wait_until(
            lambda: shown if len(shown := re.findall(pattern, self.service.log)) == links else None, "mail"
        )
        form = {"secret": found[-1], "action": "approve", "user_code": code}
        with httpx2.Client(trust_env=False) as http:
            assert http.post(f"{self.service.public_url}/l", data=form).status_code == httpx2.codes.OK


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def said_by(reader: Reader, program: str) -> str:
    with reader.runs(program) as started:
        said, _ = started.communicate(timeout=SECONDS)
    assert started.returncode == 0, said
    return said


def signs_in(reader: Reader, links: int) -> str:
    with reader.runs("app.py") as program:
        try:
            assert program.stdout is not None
            asked = program.stdout.readline()
            shown = re.search(r"type there: ([A-Z]{3}-[A-Z]{3})", asked)
            assert shown is not None, asked + program.stdout.read()
            reader.opens_the_link_and_types(shown[1], links)
            said, _ = program.communicate(timeout=SECONDS)
        finally:
            program.kill()
    assert program.returncode == 0, said
    return said


def test_the_first_app_signs_in_remembers_it_and_is_signed_out(reader: Reader) -> None:
    assert reader.setting_up.endswith(SERVE)
    assert reader.running == RUN
    assert reader.leaving.endswith(RUN)
    reader.types(reader.setting_up.removesuffix(SERVE))
    with reader.service:
        first = signs_in(reader, links=1)
        assert first == f"Signed in as {ADDRESS}\n"
        assert said_by(reader, "app.py") == first

        story = reader.types(reader.looking)
        assert ADDRESS in story
        assert "Approved by typing the device's code" in story

        reader.types(reader.leaving.removesuffix(RUN))
        assert signs_in(reader, links=2) == first


def test_the_first_app_is_tested_without_mail(reader: Reader) -> None:
    assert said_by(reader, "test_app.py") == ""
