# SPDX-License-Identifier: Apache-2.0
"""One place of the log and one login at the console: verified in place, and honest about what does not fit."""

import re
from collections.abc import AsyncIterator

import pytest

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.leaf import parse_leaf
from counterfoil_service.core.merkle import leaf_hash
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.crypto.notes import open_note
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.prune_log import PruneLog, prune_log
from support.auditor import seal
from support.http import execute, nothing_written
from support.log import grow_log
from support.staff import Staff
from support.stage import Asked, Stage
from support.surfer import Surfer
from support.verifying import vkey_of


@pytest.fixture
async def staff(stage: Stage) -> AsyncIterator[Staff]:
    async with Surfer(stage) as browser:
        yield await Staff.hired(browser, "auditor")


async def signed_in(staff: Staff, address: str = "bob@example.com") -> Asked:
    """A login that was collected and sealed."""
    staff.stage.clock.advance(61)
    asked = await staff.stage.approved(address)
    assert (await staff.stage.poll(asked)).status_code == 200
    await seal(staff.stage)
    return asked


async def index_of(staff: Staff, name: str) -> int:
    (row,) = await staff.stage.rows(
        f"SELECT max(leaf_index) FROM audit_events WHERE name = '{name}'"  # noqa: S608 - a name from the test
    )
    return int(row[0])


async def test_a_story_tells_each_step_and_leads_to_its_entry(staff: Staff) -> None:
    asked = await signed_in(staff)
    page = await staff.see(f"/audit/logins/{asked.login_id}")
    assert page.index("asked for a link for bob@example.com") < page.index("Approved by typing the device")
    for name in ("login.requested", "login.approved", "login.completed"):
        assert f'href="/console/audit/entries/{await index_of(staff, name)}"' in page
    assert "from 192.0.2.10" in page
    (row,) = await staff.stage.rows("SELECT fields FROM audit_events WHERE name = 'audit.read'")
    assert f'"login":"{asked.login_id}"' in row[0]


async def test_a_story_leads_to_what_it_names_while_that_is_there(staff: Staff) -> None:
    asked = await signed_in(staff)
    page = await staff.see(f"/audit/logins/{asked.login_id}")
    assert f'href="/console/logins/{asked.login_id}"' in page
    assert re.search(r'<a href="/console/applications/[^"]+"><code>', page)
    await execute(staff.stage, "DELETE FROM logins")
    await execute(staff.stage, "DELETE FROM applications")
    page = await staff.see(f"/audit/logins/{asked.login_id}")
    assert f'href="/console/logins/{asked.login_id}"' not in page
    assert "/console/applications/" not in page


async def test_a_story_explains_to_people(staff: Staff) -> None:
    asked = await signed_in(staff)
    page = await staff.see(f"/audit/logins/{asked.login_id}")
    assert "this does not mean that its owner did" in page
    assert "follows" not in page


async def test_an_entry_says_its_values_as_people_call_them_and_whose_an_id_is(staff: Staff) -> None:
    await signed_in(staff)
    await staff.see("/audit")
    await seal(staff.stage)
    approved = await staff.see(f"/audit/entries/{await index_of(staff, 'login.approved')}")
    assert '<dt>Device key <code class="small">jkt</code></dt>' in approved
    assert '<a href="/console/applications/' in approved
    read = await staff.see(f"/audit/entries/{await index_of(staff, 'audit.read')}")
    assert f'<a href="/console/operators/{staff.operator_id}"><code>{staff.operator_id}</code></a>' in read
    assert "<bdi>grace@example.com</bdi>" in read


async def test_what_repeats_itself_is_one_step_with_a_way_to_each(staff: Staff) -> None:
    staff.stage.clock.advance(61)
    asked = await staff.stage.start("bob@example.com")
    secret = await staff.stage.secret()
    for _ in range(5):
        await staff.stage.open(secret)
    await seal(staff.stage)
    page = await staff.see(f"/audit/logins/{asked.login_id}")
    assert ", 5 times" in page
    assert page.count("login.link_opened") == 1
    assert "and 2 more" in page


@pytest.mark.parametrize("login_id", ["0" * 26, "ada@example.com", "x"])
async def test_a_login_that_is_not_there_is_a_404(staff: Staff, login_id: str) -> None:
    assert (await staff.get(f"/audit/logins/{login_id}")).status_code == 404
    assert "ada@example.com" not in str(await staff.stage.rows("SELECT fields FROM audit_events"))


async def test_an_entry_is_verified_in_place_and_recorded(staff: Staff) -> None:
    asked = await signed_in(staff)
    index = await index_of(staff, "login.approved")
    page = await staff.see(f"/audit/entries/{index}")
    assert "This entry is under checkpoint" in page
    assert page.count(">fits<") == 3
    assert "differs" not in page
    assert f"/console/audit/logins/{asked.login_id}" in page
    assert f"counterfoil audit verify --folder log --key '{vkey_of(staff.stage.database)}'" in page
    (row,) = await staff.stage.rows("SELECT fields FROM audit_events WHERE name = 'audit.read'")
    assert f'"from_index":{index}' in row[0]


async def test_the_downloads_verify_with_nothing_but_the_public_key(staff: Staff) -> None:
    await signed_in(staff)
    index = await index_of(staff, "login.approved")
    leaf = await staff.get(f"/audit/entries/{index}/leaf")
    proof = await staff.get(f"/audit/entries/{index}/proof")
    assert parse_leaf(leaf.content).type == "login.approved"
    assert proof.headers["content-disposition"] == f'attachment; filename="entry-{index}.tlog-proof"'
    parsed = TlogProof.parse(proof.text)
    text, _ = open_note(parsed.note, [vkey_of(staff.stage.database)])
    assert parsed.proves(leaf_hash(leaf.content), Checkpoint.parse(text))


ALTERED = {
    "the row": ("UPDATE audit_events SET outcome = 'failure' WHERE leaf_index = {index}", "somebody|was changed"),
    "what is no leaf any more": (
        "UPDATE audit_events SET fields = 'x' WHERE leaf_index = {index}",
        "no leaf of this log",
    ),
    "the hash that is kept": ("UPDATE log_tiles SET hashes = {zeros} WHERE level = 0", "kept"),
    "the row that was deleted": ("DELETE FROM audit_events WHERE leaf_index = {index}", "it was deleted"),
    "the signed checkpoint": ("UPDATE checkpoints SET note = replace(note, ' ', '  ')", "not signed by this log"),
    "a tile that was deleted": ("DELETE FROM log_tiles", "give no proof"),
}


@pytest.mark.parametrize("what", ALTERED)
async def test_whatever_was_altered_is_said_in_words(staff: Staff, what: str) -> None:
    await signed_in(staff)
    index = await index_of(staff, "login.approved")
    size = await seal(staff.stage)
    sql, says = ALTERED[what]
    zeros = (
        "zeroblob({})" if "sqlite" in type(staff.stage.database).__name__.lower() else "decode(repeat('00', {}), 'hex')"
    )
    await execute(staff.stage, sql.format(index=index, zeros=zeros.format(32 * size)))
    page = await staff.see(f"/audit/entries/{index}")
    assert "This place of the log was altered" in page
    assert re.search(says, page)
    assert "This entry is under checkpoint" not in page


async def test_a_pruned_entry_says_so_and_keeps_its_proof(staff: Staff) -> None:
    await grow_log(staff.stage.database, 300)
    await seal(staff.stage)
    staff.stage.clock.advance(10)
    assert await staff.stage.database.write(prune_log, PruneLog(staff.stage.clock(), 1, "by_operator")) == 1
    await seal(staff.stage)
    page = await staff.see("/audit/entries/7")
    assert "The entry was pruned" in page
    assert "This entry is under checkpoint" in page
    assert "altered" not in page
    assert (await staff.get("/audit/entries/7/leaf")).status_code == 404
    assert (await staff.get("/audit/entries/7/proof")).status_code == 200


async def test_an_erased_persons_entry_still_verifies_and_tells_nothing(staff: Staff) -> None:
    asked = await signed_in(staff)
    await staff.stage.database.write(erase_user, "bob@example.com")
    page = await staff.see(f"/audit/entries/{await index_of(staff, 'login.requested')}")
    assert "Erased: the key" in page
    assert "bob@example.com" not in page
    assert "This entry is under checkpoint" in page
    story = await staff.see(f"/audit/logins/{asked.login_id}")
    assert "bob@example.com" not in story
    assert "The personal details were erased" in story


async def test_an_event_that_is_not_sealed_says_so_in_its_story(staff: Staff) -> None:
    staff.stage.clock.advance(61)
    asked = await staff.stage.start("bob@example.com")
    assert "not sealed yet" in await staff.see(f"/audit/logins/{asked.login_id}")


@pytest.mark.parametrize("index", ["100000", "-1", "x", str(2**53), "9" * 30])
async def test_a_place_that_the_log_has_not_reached_is_a_404(staff: Staff, index: str) -> None:
    await seal(staff.stage)
    for below in ("", "/proof", "/leaf"):
        assert (await staff.get(f"/audit/entries/{index}{below}")).status_code == 404


async def test_nobody_without_a_role_takes_a_proof(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await browser.sign_in("mallory@example.com")
        await seal(sqlite_stage)
        for path in ("/audit/entries/0", "/audit/entries/0/proof", "/audit/entries/0/leaf"):
            async with nothing_written(sqlite_stage):
                assert (await browser.get(f"/console{path}")).status_code == 403
