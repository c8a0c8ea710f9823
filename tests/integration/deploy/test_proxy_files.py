# SPDX-License-Identifier: Apache-2.0
"""The proxies' files: nginx takes each, Caddy's takes the same headers away, and both wait longer than a poll is held.

Stories sign in through each of nginx's files as it stands.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from counterfoil_service.cli.serve import KEEP_ALIVE_SECONDS
from counterfoil_service.core.polling import MAX_WAIT
from journeys.proxied import NGINX, _write_certificate, nginx
from support.processes import free_port

CADDYFILE = NGINX.parents[1] / "deploy" / "Caddyfile"
FILES = sorted(NGINX.glob("*.conf"))


def _tried(folder: Path, text: str) -> str:
    """What nginx says of a file; nothing where it is right. Certificates are of this run, and no port is taken."""
    _write_certificate(folder)
    for shown, real in (
        ("/etc/ssl/certs/example.com.pem", f"{folder}/certificate.pem"),
        ("/etc/ssl/private/example.com.key", f"{folder}/key.pem"),
        ("listen 443", f"listen 127.0.0.1:{free_port()}"),
    ):
        text = text.replace(shown, real)
    (folder / "example.conf").write_text(text, "utf-8")
    frame = f"pid {folder}/pid; events {{}} http {{ access_log off; include {folder}/example.conf; }}"
    (folder / "nginx.conf").write_text(frame, "utf-8")
    command = [nginx(), "-t", "-q", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return "" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nginx_takes_each_file(tmp_path: Path, file: Path) -> None:
    assert _tried(tmp_path, file.read_text("utf-8")) == ""
    broken = file.read_text("utf-8").replace("proxy_pass", "proxy_past")
    assert "unknown directive" in _tried(tmp_path, broken)


def test_caddy_takes_away_what_nginx_does() -> None:
    nginxs = set(re.findall(r'proxy_set_header (\S+)\s+"";', (NGINX / "replicas.conf").read_text("utf-8")))
    caddys = set(re.findall(r"header_up -(\S+)", CADDYFILE.read_text("utf-8")))
    assert caddys == nginxs - {"Connection"}
    assert "header_up X-Forwarded-For {remote_host}" in CADDYFILE.read_text("utf-8")


def test_caddy_waits_longer_than_a_poll_is_held_and_keeps_no_connection_longer_than_we_do() -> None:
    seconds = dict(re.findall(r"^\s*(\w+) (\d+)s$", CADDYFILE.read_text("utf-8"), re.MULTILINE))
    assert int(seconds["response_header_timeout"]) > MAX_WAIT
    assert int(seconds["keepalive"]) < KEEP_ALIVE_SECONDS
    assert "lb_retry_match" not in CADDYFILE.read_text("utf-8"), "a POST that was sent may have done its work"


def test_caddy_takes_its_file() -> None:
    caddy = shutil.which("caddy")
    if caddy is not None:  # few machines have one; what matters of it is read above
        command = [caddy, "validate", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
