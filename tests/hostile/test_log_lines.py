# SPDX-License-Identifier: Apache-2.0
"""What is written as a log: one object a line, the request's id in each, and nothing secret, whoever wrote the line."""

import asyncio
import io
import json
import logging
import secrets
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from counterfoil_service.core import user_code
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.logs import TAKEN_OUT, JsonLines, TextLines, request_in_hand, scrubbed, set_up
from support.http import ASK, TOKEN, ask_form, poll_form, primed
from support.stage import Stage

KEPT = (
    "mail 01J9ZC0M7Q8R9S0T1V2W3X4Y5Z is deferred: timeout",
    "GET /l/{secret} 200 1.0ms",
    'File "/opt/counterfoil/lib/python3.13/site-packages/counterfoil_service/operations/record_failed_checkpoint.py"',
    "in test_a_name_of_ours_that_is_as_long_as_names_of_tests_sometimes_are",
    "serving https://id.example on 127.0.0.1 port 8080",
    "the database does not answer: ConnectionRefusedError",
    "ABC-DEF is no code: it has vowels",
)
TAKEN = (
    "ada.lovelace+news@mail.example.com",
    "postgresql://counterfoil:pass word@db".replace(" ", "-"),
    "redis://:hunter2@cache",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "5e" * 32,
    "BCD-FGH",
)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that goes to the root logger, as JSON lines, everything from DEBUG on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def _lines(written: io.StringIO) -> list[dict[str, Any]]:
    """Of the service: the test's own client speaks, too."""
    found = [json.loads(line) for line in written.getvalue().splitlines()]
    return [line for line in found if not line["logger"].startswith(("httpx2", "httpcore2"))]


async def test_a_run_that_signs_in_fails_and_breaks_writes_no_secret(
    stage: Stage, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await stage.start("ada.lovelace@example.com", device_label="needle of a label")
    secret = await stage.secret()
    await stage.open(secret)
    await stage.decide(secret, "approve", "BBBBBB")
    await stage.decide(secret, "approve", asked.user_code)
    tokens = (await stage.poll(asked)).json()
    await primed(stage).post(stage.client, ASK, ask_form(login_hint="grace.hopper@example.com", scope="needle"))
    every = [secret, asked.device_code, asked.user_code, asked.user_code.replace("-", ""), tokens["access_token"],
             tokens["refresh_token"], "lovelace", "hopper", "needle", "5e" * 32, "192.0.2.10"]  # fmt: skip

    async def tells_everything(*_arguments: object, **_named: Any) -> NoReturn:
        # A library's error: it quotes what it was given.
        raise RuntimeError(" ".join([secret, asked.device_code, asked.user_code, *tokens.values(), "ada.lovelace@x"]))

    tokens = {name: str(tokens[name]) for name in ("access_token", "refresh_token")}
    monkeypatch.setattr(stage.database, "read", tells_everything)
    monkeypatch.setattr(stage.database, "write", tells_everything)
    assert (await stage.open(secret)).status_code == 500
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 500
    assert (await asked.device.post(stage.client, TOKEN, poll_form(asked))).status_code == 500

    lines = _lines(written)
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    assert sum("exception" in line for line in lines) == 3
    assert TAKEN_OUT in text
    for needle in every:
        assert needle not in text, needle


async def test_every_line_of_a_request_has_its_id_which_its_answer_has_too(
    sqlite_stage: Stage, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_arguments: object) -> NoReturn:
        raise RuntimeError("the fault")

    asked = await sqlite_stage.start()
    monkeypatch.setattr(sqlite_stage.database, "read", fails)
    calls = [asked.device.post(sqlite_stage.client, TOKEN, poll_form(asked, device_code=str(n))) for n in range(4)]
    answers = await asyncio.gather(*calls)
    ids = {answer.json()["instance"] for answer in answers}
    assert len(ids) == 4
    lines = [line for line in _lines(written) if line.get("request") in ids]
    assert {line["logger"] for line in lines} == {"counterfoil.access", "counterfoil_service.web.problems"}
    for identity in ids:
        failed, access = (line for line in lines if line["request"] == identity)
        assert identity in failed["message"]
        assert (access["method"], access["route"], access["status"]) == ("POST", "/oauth/token", 500)
        assert access["milliseconds"] > 0


async def test_a_method_that_there_is_not_is_no_callers_word_in_the_log(
    sqlite_stage: Stage, written: io.StringIO
) -> None:
    await sqlite_stage.client.request("NEEDLE", "/check-mail")
    (line,) = (line for line in _lines(written) if line["logger"] == "counterfoil.access")
    assert line["method"] == "-"
    assert "NEEDLE" not in str(_lines(written))


async def test_work_beside_requests_has_no_id_of_one(sqlite_stage: Stage, written: io.StringIO) -> None:
    await sqlite_stage.client.get("/check-mail")
    logging.getLogger("counterfoil_service.sweeper").warning("the sweeper waits")
    assert "request" not in _lines(written)[-1]


@pytest.mark.parametrize("text", KEPT)
def test_what_an_operator_needs_is_kept(text: str) -> None:
    assert scrubbed(text) == text


@pytest.mark.parametrize("text", TAKEN)
def test_what_looks_like_a_secret_or_an_address_is_taken_out(text: str) -> None:
    assert text not in scrubbed(f"Key (value)=({text}) exists; '{text}'")
    assert TAKEN_OUT in scrubbed(text)


def test_no_secret_that_the_service_makes_goes_through() -> None:
    for _ in range(2000):
        assert scrubbed(f"x={base64url(secrets.token_bytes(32))}") == f"x={TAKEN_OUT}"
        code = user_code.display(user_code.make(secrets.token_bytes))
        assert scrubbed(f"x {code}.") == f"x {TAKEN_OUT}."


@pytest.mark.parametrize("text", ["a" * 100_000, "a.b-" * 30_000, "://" * 30_000, "Aa1" * 30_000, "eyJ." * 30_000])
def test_a_long_text_takes_no_longer_than_it_is_long(text: str) -> None:
    import time

    began = time.perf_counter()
    scrubbed(text)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("style", ["text", "json"])
def test_nobody_elses_text_begins_a_line(style: str) -> None:
    formatter = JsonLines() if style == "json" else TextLines("%(levelname)s %(message)s")
    record = logging.LogRecord("x", logging.INFO, "", 0, "odd\r\nFAKE\x1b[31m\u2028%s", ("\nvalue",), None)
    assert len(formatter.format(record).splitlines()) == 1
    assert "\x1b" not in formatter.format(record)


def test_a_traceback_is_one_line_of_json_and_several_for_people() -> None:
    try:
        int("ada@example.com")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "it failed", None, sys.exc_info())
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["message"]) == ("error", "it failed")
    assert f"'{TAKEN_OUT}'" in line["exception"]
    token = request_in_hand.set("abc")
    told = TextLines("%(message)s").format(record)
    request_in_hand.reset(token)
    assert told.splitlines()[0] == "it failed [abc]"
    assert f"'{TAKEN_OUT}'" in told


def test_both_styles_are_written_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        for style in ("text", "json"):
            set_up(style)
            logging.getLogger("x").info("seen")
            logging.getLogger("x").debug("not seen")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    text, line = capsys.readouterr().err.splitlines()
    assert text.endswith("INFO x seen")
    assert json.loads(line)["message"] == "seen"
