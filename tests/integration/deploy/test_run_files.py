# SPDX-License-Identifier: Apache-2.0
"""The files that run the service: what they start exists, what they take away stays away, and nothing is root."""

import configparser
import json
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from counterfoil_service.cli.main import main
from support.processes import RunningService, free_port

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "counterfoil.service"
CONTAINERFILE = DEPLOY / "Containerfile"
GUIDE = ROOT / "docs" / "how-to" / "run-as-a-service.md"
MOST_EXPOSED = 1.1
"""Of 10, as `systemd-analyze security` reckons."""
HARDENING = {
    "CapabilityBoundingSet": "",
    "DynamicUser": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "PrivateUsers": "yes",
    "ProtectHome": "yes",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "SystemCallFilter": "~@privileged @resources",
    "UMask": "0077",
}


def _unit() -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[method-assign,assignment]  # names are told apart by case
    parser.read_string(UNIT.read_text("utf-8"))
    return dict(parser["Service"])


def _can_be_called(words: list[str]) -> None:
    """Whether the command line knows these; nothing is run."""
    command = main.get_command(click.Context(main), words[0])
    assert command is not None, words
    command.make_context(words[0], words[1:])


def test_the_unit_starts_a_command_that_there_is_and_takes_all_it_can_from_it() -> None:
    unit = _unit()
    program, *words = unit["ExecStart"].split()
    assert Path(program).name == "counterfoil"
    _can_be_called(words)
    assert {name: unit.get(name) for name in HARDENING} == HARDENING
    assert "User" not in unit, "a dynamic one owns nothing"


def test_no_secret_is_in_the_units_environment() -> None:
    unit = _unit()
    assert unit["Environment"] == "COUNTERFOIL_SECRET_KEY_FILE=%d/secret_key"
    assert unit["LoadCredential"].startswith("secret_key:")


@pytest.mark.parametrize("weakness", ["", "PrivateUsers=yes", "SystemCallFilter=@system-service", "DynamicUser=yes"])
def test_systemd_reckons_it_as_exposed_as_the_guide_says(tmp_path: Path, weakness: str) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:  # another system: the test above has looked at the same lines
        return
    unit = tmp_path / "counterfoil.service"
    unit.write_text(UNIT.read_text("utf-8").replace(f"{weakness}\n", "") if weakness else UNIT.read_text("utf-8"))
    command = [analyze, "security", "--offline=true", "--no-pager", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout
    (level,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", told)
    if weakness:
        assert float(level) > MOST_EXPOSED, "each of these lines counts"
    else:
        assert float(level) <= MOST_EXPOSED
        assert f"**{MOST_EXPOSED}**" in GUIDE.read_text("utf-8")


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    unit = tmp_path / "counterfoil.service"
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/counterfoil/bin/counterfoil", "/bin/true"))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, timeout=30, check=False)
    ours = [line for line in done.stderr.splitlines() if "counterfoil.service" in line]
    assert ours == []


def instructions(text: str) -> list[tuple[str, str]]:
    """Each instruction and its arguments; lines that go on are joined."""
    joined = re.sub(r"\\\n\s*", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    parted = (line.partition(" ") for line in joined.splitlines() if line)
    return [(word.upper(), rest.strip()) for word, _, rest in parted]


def _container(name: str) -> list[str]:
    return [rest for word, rest in instructions(CONTAINERFILE.read_text("utf-8")) if word == name]


def test_the_container_is_not_root_says_how_it_is_and_starts_a_command_that_there_is() -> None:
    steps = instructions(CONTAINERFILE.read_text("utf-8"))
    last = steps[max(number for number, (word, _) in enumerate(steps) if word == "FROM") :]
    assert dict(last)["USER"] == "10001:10001"
    after = [word for word, _ in last[[word for word, _ in last].index("USER") :]]
    assert not {"RUN", "COPY", "ADD"} & set(after), "what the service runs is not the service's to change"
    words = [*json.loads(_container("ENTRYPOINT")[0]), *json.loads(_container("CMD")[0])]
    assert words[0] == "counterfoil"
    _can_be_called(words[1:])
    assert not [rest for rest in _container("ENV") if "SECRET" in rest or "PASSWORD" in rest]
    assert {word for word, _ in steps} <= {"FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "VOLUME", "EXPOSE",
                                           "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}  # fmt: skip


def test_the_containers_images_have_versions_and_its_sources_are_there_and_sent() -> None:
    for image in _container("FROM"):
        assert re.fullmatch(r"\S+:[0-9][\w.-]*( AS \w+)?", image), image
    sent = {line[1:] for line in (ROOT / ".containerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    named = [word for rest in _container("COPY") if "--from" not in rest for word in rest.split()[:-1]]
    for source in named:
        assert (ROOT / source).exists(), source
        assert source in sent, source


def test_the_containers_extras_are_all_that_a_service_may_use() -> None:
    (sync,) = (rest for rest in _container("RUN") if "uv sync" in rest)
    project = tomllib.loads((ROOT / "service" / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(re.findall(r"--extra (\w+)", sync)) == set(project["optional-dependencies"]) - {"demo"}
    assert "--locked" in sync
    assert "--no-dev" in sync


def test_the_containers_health_is_that_of_the_service(tmp_path: Path) -> None:
    (check,) = _container("HEALTHCHECK")
    assert json.loads(check.partition("CMD ")[2]) == ["python", "/usr/local/bin/counterfoil-health"]
    assert "deploy/health.py /usr/local/bin/counterfoil-health" in _container("COPY")
    port = free_port()
    url = f"http://127.0.0.1:{port}/auth"
    with RunningService(tmp_path, port, public_url=url) as service:
        assert _health(port, url) == 0
        assert _health(port, f"http://127.0.0.1:{port}/elsewhere") == 1
    assert _health(service.port, url) == 1


def test_a_service_that_takes_and_never_answers_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        assert _health(deaf.getsockname()[1], "https://id.example") == 1


def _health(port: int, url: str) -> int:
    environ = {"HEALTH_PORT": str(port), "COUNTERFOIL_PUBLIC_URL": url, "http_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, str(DEPLOY / "health.py")]
    return subprocess.run(command, env=environ, timeout=30, check=False, stderr=subprocess.DEVNULL).returncode
