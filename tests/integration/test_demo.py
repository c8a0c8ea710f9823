# SPDX-License-Identifier: Apache-2.0
"""`counterfoil demo`, as somebody types it who has set up nothing."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from counterfoil_service.cli.demo import phone
from counterfoil_service.cli.demo.mailbox import running_mailbox
from counterfoil_service.cli.demo.service import DemoError


def _demo(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "counterfoil_service", "demo", *arguments]
    settings = {**os.environ, **environ}
    return subprocess.run(
        command, env=settings, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL
    )


def test_demo_auto_signs_somebody_in_and_ends_with_one_line(tmp_path: Path) -> None:
    done = _demo("--auto", "--email", "grace@example.com", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("ok: grace@example.com signed in in ")
    assert "The device proved its key and collected the login." in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_demo_is_not_disturbed_by_the_settings_of_a_real_service(tmp_path: Path) -> None:
    done = _demo("--auto", COUNTERFOIL_PUBLIC_URL="nonsense", COUNTERFOIL_LINK_TTL="-1", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_the_demo_says_what_is_wrong_with_an_address(tmp_path: Path) -> None:
    done = _demo("--auto", "--email", "not an address", TMPDIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_the_phone_gives_up_when_no_mail_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone, "MAIL_SECONDS", 0)
    with tempfile.TemporaryDirectory() as folder, pytest.raises(DemoError, match="no mail came"):
        phone.approve(Path(folder), "http://127.0.0.1:1", "BBBBBB")


def test_the_mailbox_page_escapes_what_a_mail_says(tmp_path: Path) -> None:
    import urllib.request

    mail = b"Subject: <script>alert(1)</script>\r\nTo: a@example.com\r\n\r\n<b>hello</b> http://127.0.0.1:1/l/x\r\n"
    (tmp_path / "1.eml").write_bytes(mail)
    with running_mailbox(tmp_path) as address, urllib.request.urlopen(address, timeout=5) as response:
        page = response.read().decode()
    assert "<script>" not in page
    assert "&lt;b&gt;hello" in page
    assert '<a href="http://127.0.0.1:1/l/x">' in page
