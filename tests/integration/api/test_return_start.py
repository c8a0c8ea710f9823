# SPDX-License-Identifier: Apache-2.0
"""Asking for a link with a way home: what is registered, what is refused, and what that leaves behind [R51-R54]."""

from pathlib import Path

import pytest

from counterfoil_service.core.errors import Refusal
from support.http import ASK, ask_form, nothing_written, post, primed, refused
from support.stage import Stage
from support.way_home import APP, LOOPBACK, REGISTERED, challenge_of, home_fields, traveller

CORPUS = Path(__file__).parents[2] / "unit" / "core" / "hostile_redirects.txt"


def hostile() -> list[str]:
    """The targets that an attacker would like to be registered."""
    lines = [line.rsplit("\t", 1)[0] for line in CORPUS.read_text("utf-8").splitlines() if line[:1] not in {"", "#"}]
    return [line.encode("ascii").decode("unicode_escape") for line in lines]


async def test_no_hostile_target_gets_past_the_start(sqlite_stage: Stage) -> None:
    """A15: the whole corpus, over the wire."""
    await sqlite_stage.add_application(APP, redirect_uris=REGISTERED)
    device = primed(sqlite_stage)
    async with nothing_written(sqlite_stage):
        for uri in [*hostile(), *(uri + "\x00" for uri in REGISTERED)]:
            answer = await device.post(sqlite_stage.client, ASK, ask_form(client_id=APP, **home_fields(uri)))
            description = refused(answer, 400, "invalid_request")["error_description"]
            assert "redirect_uri" in description or "NUL" in description, uri
            assert len(uri) < 8 or uri not in description


@pytest.mark.parametrize("uri", [*REGISTERED, LOOPBACK, "http://[::1]:1/callback", "com.example.app:/callback?i=4%20"])
async def test_a_registered_target_is_taken_and_kept_byte_for_byte(stage: Stage, uri: str) -> None:
    await traveller(stage, uri)
    rows = await stage.rows("SELECT redirect_uri, redirect_state, codes_minted FROM logins")
    assert rows == [(uri, "af0ifjsldkj", 0)]


async def test_an_application_without_redirects_has_no_way_home(sqlite_stage: Stage) -> None:
    async with nothing_written(sqlite_stage):
        answer = await primed(sqlite_stage).post(sqlite_stage.client, ASK, ask_form(**home_fields()))
        assert "must be registered" in refused(answer, 400, "invalid_request")["error_description"]


@pytest.mark.parametrize("missing", list(home_fields()))
async def test_all_four_fields_come_together_or_not_at_all(sqlite_stage: Stage, missing: str) -> None:
    await sqlite_stage.add_application(APP, redirect_uris=REGISTERED)
    three = {name: value for name, value in home_fields().items() if name != missing}
    alone = {missing: home_fields()[missing]}
    async with nothing_written(sqlite_stage):
        for fields, named in ((three, missing), (three | {missing: ""}, missing)):
            answer = await primed(sqlite_stage).post(sqlite_stage.client, ASK, ask_form(client_id=APP, **fields))
            assert refused(answer, 400, "invalid_request")["error_description"].startswith(f"{named}: ")
        refused(
            await primed(sqlite_stage).post(sqlite_stage.client, ASK, ask_form(client_id=APP, **alone)),
            400,
            "invalid_request",
        )


BAD = [
    {"code_challenge_method": "plain"},
    {"code_challenge_method": "s256"},
    {"code_challenge": "A" * 42},
    {"code_challenge": challenge_of("x") + "="},
    {"state": "x" * 513},
    {"state": "a\r\nSet-Cookie: b=c"},
    {"state": "é"},
    {"state": "a\x00"},
    {"redirect_uri": "com.example.app:/callback?" + "x" * 2048},
]


async def test_a_field_that_breaks_its_rule_leaves_no_trace(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application(APP, redirect_uris=REGISTERED)
    async with nothing_written(sqlite_stage):
        for change in BAD:
            form = ask_form(client_id=APP, **(home_fields() | change))
            answer = await primed(sqlite_stage).post(sqlite_stage.client, ASK, form)
            refused(answer, 400, "invalid_request")


async def test_without_a_key_there_is_nobody_to_redeem_the_code(sqlite_stage: Stage) -> None:
    await sqlite_stage.add_application(APP, redirect_uris=REGISTERED, dpop="optional")
    async with nothing_written(sqlite_stage):
        answer = await post(sqlite_stage, ASK, ask_form(client_id=APP, **home_fields()))
        assert "DPoP" in refused(answer, 400, "invalid_request")["error_description"]


async def test_a_decoys_start_cannot_be_told_from_a_real_one(sqlite_stage: Stage) -> None:
    """R93: a bad target is refused for everybody, a good one taken for everybody."""
    home = await traveller(sqlite_stage)
    answers = set()
    for _ in range(3):
        sqlite_stage.clock.advance(1)
        answer = await sqlite_stage.ask(sqlite_stage.device(), client_id=APP, **home_fields())
        answers.add((answer.status_code, tuple(answer.json())))
    assert len(answers) == 1
    assert (1,) in await sqlite_stage.rows("SELECT decoy FROM logins")
    assert home.redirect_uri == LOOPBACK


@pytest.mark.parametrize(
    "uri", ["http://app.example/", "javascript:alert(1)", "https://App.example/", "https://a.example/#x"]
)
async def test_what_no_request_may_name_nobody_can_register(sqlite_stage: Stage, uri: str) -> None:
    async with nothing_written(sqlite_stage):
        with pytest.raises(Refusal, match="redirect_uri"):
            await sqlite_stage.add_application("other", redirect_uris=(*REGISTERED, uri))
