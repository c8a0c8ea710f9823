# SPDX-License-Identifier: Apache-2.0
"""`just attack`, small: a few rows on a sound service and on builds that lack their guard, and what the report says."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from attack.kit import documents, own
from attack.kit.__main__ import _options, main
from attack.kit.mailboxes import Folder
from attack.kit.planted import try_one
from attack.kit.report import junit, passed
from attack.kit.rows import a05_live_relay
from attack.kit.run import run
from attack.kit.scan import Attack, attacks
from attack.kit.target import Target
from attack.kit.verdict import Broke, Needs, Undefended, Verdict, demand
from attack.planted.scan import weakness, weaknesses
from journeys.desktop import CLIENT_ID
from support.processes import RunningService, free_port

ROWS = {f"A{number}" for number in range(1, 31)}
DOCUMENTED = {"A5", "A27", "A28"}
GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "attack-your-deployment.md"
TRIED = {"a06_forwarded_link", "a07_device_code_theft", "a11_guessing"}
BUILDS = ("a06_opener_is_signed_in", "a07_any_key_collects", "a11_no_lock")


def _no_browser() -> None:
    """None of the attacks here needs one."""


@pytest.fixture(scope="module")
def sound() -> Iterator[Target]:
    """A service with all its guards, of which little is given away."""
    with own.single(_no_browser) as target:
        target.database_url = target.command = target.hook_secret = None
        target.log_files, target.expendable, target.guesses = (), False, 3
        yield target


def test_every_row_of_the_threat_model_has_an_attack() -> None:
    assert {each.row for each in attacks()} == ROWS


def test_every_row_that_is_defended_has_a_build_without_its_defence() -> None:
    assert {each.row for each in weaknesses()} == ROWS - DOCUMENTED


def test_builds_say_what_they_lack_in_words_of_their_own() -> None:
    words = [each.words for each in weaknesses()]
    assert len(set(words)) == len(words)


async def test_a_sound_service_holds(sound: Target) -> None:
    found = await run(sound, [each for each in attacks() if each.name in TRIED])
    assert {each.name: each.verdict for each in found} == dict.fromkeys(sorted(TRIED), Verdict.HELD), found


@pytest.mark.parametrize("name", BUILDS)
def test_its_attack_finds_what_a_build_lacks(name: str) -> None:
    planted = weakness(name)
    found = try_one(planted, [each for each in attacks() if each.row == planted.row], _no_browser)
    assert found.found, found.findings


async def test_what_cannot_be_tried_is_never_said_to_hold(sound: Target) -> None:
    needing = {"A2", "A9", "A10", "A23", "A24"}
    found = await run(sound, [each for each in attacks() if each.row in needing or each.name == "a16_secrets_in_logs"])
    assert {each.verdict for each in found} == {Verdict.NOT_TRIED}, found
    assert all(each.evidence.startswith("needs ") for each in found)


async def _finding(outcome: str | Exception) -> "Sequence[Verdict]":
    async def attack(_target: Target) -> str:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    made = [Attack("A1", "a01_made_up", "a made-up attack", last=False, run=attack)]
    found = await run(None, made)  # type: ignore[arg-type]  # nothing is attacked
    return [each.verdict for each in found] if passed(found) else [*(each.verdict for each in found), Verdict.BROKE]


@pytest.mark.parametrize(
    ("outcome", "verdicts"),
    [
        ("evidence", [Verdict.HELD]),
        (Undefended("it says so"), [Verdict.UNDEFENDED]),
        (Needs("a thing"), [Verdict.NOT_TRIED]),
        (Broke("in"), [Verdict.BROKE, Verdict.BROKE]),
        (ValueError("odd"), [Verdict.FAILED, Verdict.BROKE]),
        (AssertionError("odd"), [Verdict.FAILED, Verdict.BROKE]),
    ],
    ids=["held", "documented", "not tried", "broke", "failed", "failed by an assertion"],
)
async def test_an_attack_that_succeeds_or_fails_ends_with_1(outcome: str | Exception, verdicts: list[Verdict]) -> None:
    assert await _finding(outcome) == verdicts


async def test_junit_says_why_something_was_skipped(tmp_path: Path) -> None:
    async def attack(_target: Target) -> str:
        raise Needs("--database-url")

    found = await run(None, [Attack("A10", "a10_made_up", "a leak", last=False, run=attack)])  # type: ignore[arg-type]  # as above
    junit(found, tmp_path / "report.xml")
    suite = ET.parse(tmp_path / "report.xml").getroot()  # noqa: S314 - our own file
    assert suite.attrib["skipped"] == "1"
    skipped = suite.find("testcase/skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "not tried: needs --database-url"


async def test_a_claim_too_much_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "SECURITY.md").write_text((documents.ROOT / "SECURITY.md").read_text("utf-8"), "utf-8")
    (tmp_path / "README.md").write_text("It is phishing-resistant.", "utf-8")
    monkeypatch.setattr(a05_live_relay, "ROOT", tmp_path)
    with pytest.raises(Broke, match="claims it"):
        await a05_live_relay.attack(None)  # type: ignore[arg-type]  # it reads documents alone


def test_a_document_that_says_nothing_any_more_is_found() -> None:
    with pytest.raises(Broke, match="does not say any more"):
        documents.said("Nothing of this kind stands there.")


def test_a_mail_folder_is_read_as_a_server_is(tmp_path: Path) -> None:
    text = "From: a@id.example\r\nTo: ada@example.com\r\nMessage-ID: <1@id.example>\r\n\r\nhttps://id.example/l/abc\r\n"
    (tmp_path / "1.eml").write_bytes(text.encode())
    assert [letter.secret for letter in Folder(tmp_path).letters("ada@example.com")] == ["abc"]
    assert Folder(tmp_path).letters("bob@example.com") == []


def test_where_no_honest_sign_in_works_nothing_is_attacked(
    sound: Target, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--url", sound.url, "--client-id", "nobody", "--mail-folder", str(tmp_path)])
    assert "no honest sign-in works" in str(left.value)
    assert "held" not in capsys.readouterr().out


def test_a_deployment_is_attacked_by_its_address_and_its_mail_comes_to_the_tool(tmp_path: Path) -> None:
    port, report = free_port(), tmp_path / "report.xml"
    database, mail = f"sqlite:///{tmp_path / 'given.db'}", f"smtp://127.0.0.1:{port}"
    given = RunningService(tmp_path, database_url=database, mail_url=mail)
    asyncio.run(own.register(given))
    arguments = ["--client-id", CLIENT_ID, "--smtp", f"127.0.0.1:{port}", "--junit", str(report)]
    with given:
        assert main(["--url", given.address, *arguments, "--row", "A26", "--row", "a09_double_spend"]) == 0
    cases = ET.parse(report).getroot()  # noqa: S314 - our own file
    assert {case.attrib["classname"]: case[0].tag for case in cases} == {"A26": "system-out", "A9": "skipped"}


def test_demand_is_silent_where_all_is_well() -> None:
    demand(condition=True, otherwise="")


def test_the_guide_names_every_option_and_every_row_that_needs_one() -> None:
    text = GUIDE.read_text("utf-8")
    options = {word for action in _options()._actions for word in action.option_strings if word.startswith("--")}
    assert options - {"--help"} <= set(re.findall(r"--[a-z-]+", text))
