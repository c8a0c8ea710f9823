# SPDX-License-Identifier: Apache-2.0
"""What the pages for bad days show is done, and does what they say: the thief is out, and the owner is not."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from counterfoil_client import DeviceNotEnrolled
from documents.signed_in import Person, sign_in
from support.documented import ROOT, blocks, script_of, type_all
from support.mailserver import MailServer
from support.processes import SECRET_KEY, RunningService

ADA, GRACE = "ada@example.com", "grace@example.com"


class Scene:
    """A service whose key is a file beside its database, as an operator has it."""

    def __init__(self, folder: Path, mail: MailServer, people: ExitStack) -> None:
        (folder / "counterfoil.key").write_text(SECRET_KEY, "utf-8")
        self.mail = mail
        self.service = RunningService(folder, secret_key=None, secret_key_file="counterfoil.key", mail_url=mail.url)
        self.service.told("applications", "add", "Desk App", "--client-id", "desk-app")
        self._people = people

    def person(self, address: str, label: str) -> Person:
        """A device that signed in."""
        made = self.newcomer(address, label)
        sign_in(made, self.mail)
        return made

    def newcomer(self, address: str, label: str) -> Person:
        """A device that did not yet."""
        return self._people.enter_context(Person(self.service, address, label))

    def types(self, script: str) -> str:
        """Run a page's commands beside the service, or while it rests."""
        return type_all(script, self.service, self.service.port, {}, {})


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with MailServer() as mail, ExitStack() as people:
        yield Scene(tmp_path, mail, people)


def headed(page: str, *sections: str) -> str:
    """The commands of these sections of a page."""
    lines = (ROOT / page).read_text("utf-8").splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("## ")]
    chosen = []
    for section in sections:
        first = lines.index(f"## {section}") + 1
        last = min((start for start in starts if start > first), default=len(lines))
        chosen += [block.text for block in blocks(page, "sh") if first < block.line < last]
    assert chosen, sections
    return "\n".join(chosen)


def test_a_stolen_laptop_is_out_and_other_people_notice_nothing(scene: Scene) -> None:
    page = "docs/how-to/incident-stolen-laptop.md"
    with scene.service:
        laptop, desktop = scene.person(ADA, "stolen-laptop"), scene.person(ADA, "at-home")
        colleague = scene.person(GRACE, "office")
        forgetting = script_of(page).partition("counterfoil sessions revoke")[0]
        scene.types(forgetting)
        assert [each.is_signed_in() for each in (laptop, desktop, colleague)] == [False, True, True]

        again = scene.person(ADA, "stolen-laptop")
        scene.types(script_of(page))
        assert [each.is_signed_in() for each in (again, desktop, colleague)] == [False, False, True]
        lines = (scene.service.folder / "what-its-sessions-did.jsonl").read_text("utf-8").splitlines()
        assert len([line for line in lines if '"type":"session.ended"' in line]) == 3
        assert scene.person(ADA, "new-laptop").is_signed_in()


def test_after_a_leak_without_the_key_everybody_signs_in_again(scene: Scene) -> None:
    page = "docs/how-to/incident-leaked-database.md"
    with scene.service:
        ada = scene.person(ADA, "at-home")
        scene.types(headed(page, "1. Keep what you need to look into it", "2. Without the key"))
        assert not ada.is_signed_in()
        assert ADA in (scene.service.folder / "people.json").read_text("utf-8")
        assert scene.person(ADA, "at-home").is_signed_in()


def test_after_a_leak_with_the_key_nothing_of_the_old_service_is_good(scene: Scene) -> None:
    page = "docs/how-to/incident-leaked-database.md"
    with scene.service:
        ada = scene.person(ADA, "at-home")
        old = ada.session
    assert old is not None
    scene.types(script_of(page))
    assert (scene.service.folder / "counterfoil.key").read_text("utf-8") != SECRET_KEY
    with scene.service:
        assert not ada.is_signed_in()
        back = scene.person(ADA, "at-home")
        assert back.is_signed_in()
        assert back.session is not None
        assert back.session.subject != old.subject
    evidence = RunningService(
        scene.service.folder, scene.service.port, database_url="sqlite:///evidence/counterfoil.db"
    )
    assert " entries fit the checkpoint" in evidence.told("audit", "verify", "--against", "checkpoint")


def test_in_a_wave_of_phishing_no_new_device_gets_in_and_known_ones_do(scene: Scene) -> None:
    page = "docs/how-to/incident-phishing-wave.md"
    sections = ("1. Look", "2. Slow it down", "3. Let no new device in by itself")
    with scene.service:
        known = scene.person(ADA, "at-home")
        fooled = scene.person(ADA, "the-attackers")
        scene.types(headed(page, *sections))
        with pytest.raises(DeviceNotEnrolled):
            sign_in(scene.newcomer(GRACE, "the-attackers-other"), scene.mail)
        sign_in(known, scene.mail)

        scene.types(headed(page, "4. End what got in", "6. Afterwards"))
        assert not fooled.is_signed_in()
        assert scene.person(GRACE, "office").is_signed_in()
