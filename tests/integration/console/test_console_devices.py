# SPDX-License-Identifier: Apache-2.0
"""Devices at the console: what differed in words and never by digest, and what operators do about it."""

import json
import re

import httpx2
import pytest

from counterfoil_service.operations.forget_device import ForgetDevice, forget_device
from support.http import is_page, nothing_written
from support.machines import CLONED_IMAGE, LAPTOP, OTHER_MACHINE, UPGRADED, described
from support.people import told
from support.staff import Staff
from support.stage import Stage
from support.surfer import Surfer
from support.tokens import SignedIn, present, renew, sign_in


async def laptop(stage: Stage, staff: Staff) -> tuple[SignedIn, str]:
    """Signed in, and its device's path below `/console`."""
    signed = await sign_in(stage, device_fingerprint=described(LAPTOP), device_label="Ada's laptop")
    stage.clock.advance(1)
    page = await staff.see("/devices")
    (device_id,) = devices_in(_row(page, "laptop"))
    return signed, f"/devices/{device_id}"


def devices_in(page: str) -> set[str]:
    """The ids that it links to."""
    return set(re.findall(r"/console/devices/(\w{26})", page))


def _row(page: str, words: str) -> str:
    return next(row for row in page.split("<tr>") if words in row)


def text_of(page: httpx2.Response | str) -> str:
    """What is read of it, in one line."""
    html = page if isinstance(page, str) else page.text
    return " ".join(re.sub(r"<[^>]+>", "", html.partition("<main")[2]).split())


async def test_a_device_says_whose_it_is_and_what_it_is_known_by_without_a_digest(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed, path = await laptop(stage, staff)
        page = await staff.see(path)
        assert "ada@example.com" in page
        assert signed.device.thumbprint in page
        assert signed.session_id in page
        assert "keyed digests of its machine identifier, processor" in page
        assert "as it was" in page
        ((kept,),) = await stage.rows("SELECT fingerprint FROM devices WHERE fingerprint IS NOT NULL")
        evidence = json.loads(kept)
        assert not [digest for digest in (evidence["stable"], *evidence["attributes"].values()) if digest in page]
        views = [each for each in await told(stage, "console.viewed") if each["view"] == "devices"]
        assert views[-1] == {
            "operator": staff.operator_id,
            "view": "devices",
            "person": signed.subject,
            "device": path.rpartition("/")[2],
        }


async def test_a_clone_differs_now_and_says_what_differed_and_that_its_person_was_told(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed, path = await laptop(stage, staff)
        assert "No device looks different" in await staff.see("/devices?show=differing")
        await renew(stage, signed, device_fingerprint=described(CLONED_IMAGE))
        listed = await staff.see("/devices?show=differing")
        assert path in listed
        assert listed.count("<tr>") == 2
        page = text_of(await staff.see(path))
        assert "differs now" in page
        assert page.count("Different: ") == 1
        assert "processor" in page
        assert "at a refresh" in page
        assert "Its tokens were renewed. The person was told by mail." in page
        await renew(stage, signed, device_fingerprint=described(LAPTOP))
        page = text_of(await staff.see(path))
        assert "as it was" in page
        assert "When it last differed" in page


async def test_another_machine_under_its_key_was_signed_out(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed, path = await laptop(stage, staff)
        await present(stage, signed.refresh, signed.device, device_fingerprint=described(OTHER_MACHINE))
        page = text_of(await staff.see(path))
        assert "Different: machine identifier." in page
        assert "refused and signed out" in page
        assert "No active sessions on this device." in page


async def test_drift_is_called_drift(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        signed, path = await laptop(stage, staff)
        await renew(stage, signed, device_fingerprint=described(UPGRADED))
        page = text_of(await staff.see(path))
        assert "That much changes on any machine" in page
        assert "as it was" in page


async def test_an_operator_forgets_a_device_once(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        _, path = await laptop(stage, staff)
        page = await staff.get(path)
        done = await staff.press(page, "forget")
        assert "was forgotten" in (await browser.follow(done)).text
        by = {"device": path.rpartition("/")[2], "operator": staff.operator_id}
        assert await told(stage, "device.forgotten") == [by]
        assert await told(stage, "session.ended") == [{"operator": staff.operator_id}]
        late = await browser.follow(await staff.press(page, "forget"))
        assert "had been forgotten already" in late.text
        assert late.url.path == "/console/devices"
        assert await told(stage, "device.forgotten") == [by]
        is_page(await staff.get(path), 404)


async def test_forgetting_needs_a_fresh_sign_in(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        _, path = await laptop(sqlite_stage, staff)
        page = await staff.get(path)
        sqlite_stage.clock.advance(301)
        async with nothing_written(sqlite_stage):
            assert "prompt=login" in (await staff.press(page, "forget")).headers["location"]


async def waiting(stage: Stage) -> None:
    """A device at an application that takes known ones only."""
    await stage.add_application("strict-app", name="Strict App", new_devices="refuse")
    asked = await stage.start(client_id="strict-app", device_label="Eve's tablet")
    await stage.decide(await stage.secret(), "approve", asked.user_code)
    await stage.poll(asked, client_id="strict-app")


async def test_a_waiting_device_is_let_in_by_an_operator_once(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        stage.clock.advance(1)
        await waiting(stage)
        listed = await staff.see("/devices")
        assert "waiting" in _row(listed, "tablet")
        assert (await told(stage, "console.viewed"))[-1] == {"operator": staff.operator_id, "view": "devices"}
        (device_id,) = devices_in(_row(listed, "tablet"))
        path = f"/devices/{device_id}"
        page = await staff.get(path)
        done = await browser.follow(await staff.press(page, "enrol"))
        assert "The device is known from now on" in done.text
        assert 'value="enrol"' not in done.text
        (event,) = await told(stage, "device.enrolled")
        assert (event["by"], event["operator"]) == ("operator", staff.operator_id)
        late = await staff.press(page, "enrol")
        assert late.status_code == 422
        assert "This device is known already" in late.text


@pytest.mark.parametrize("action", ["forget", "enrol"])
async def test_auditors_look_and_change_nothing(sqlite_stage: Stage, action: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        auditor = await Staff.hired(browser, "auditor")
        _, path = await laptop(sqlite_stage, auditor)
        assert "<button" not in await auditor.see(path)
        people = await auditor.see("/people")
        csrf = people.partition('name="csrf" value="')[2].partition('"')[0]
        async with nothing_written(sqlite_stage):
            answer = await browser.client.post(f"/console{path}", data={"csrf": csrf, "action": action})
        assert "Only operators change things here" in answer.text


@pytest.mark.parametrize("name", ["nothing", "0" * 26, "%00", "é", "A" * 3000])
async def test_a_device_that_is_not_there_is_a_page_that_says_so(sqlite_stage: Stage, name: str) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        is_page(await staff.get(f"/devices/{name}"), 404)


async def test_pages_of_devices_follow_one_another(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        for number in range(60):
            await sign_in(stage, f"p{number}@example.com")
        first = await staff.see("/devices")
        following = first.partition('class="button" href="')[2].partition('"')[0]
        second = await staff.see(f"/devices{following}")
        pages = [devices_in(first), devices_in(second)]
        assert [len(each) for each in pages] == [50, 11]
        assert not pages[0] & pages[1]


async def test_somebody_elses_forgetting_meanwhile_is_a_page_too(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        signed, path = await laptop(sqlite_stage, staff)
        person = await staff.get(f"/people/{signed.subject}")
        device_id = path.rpartition("/")[2]
        await sqlite_stage.database.write(forget_device, ForgetDevice(device_id, "forgotten_by_operator"))
        late = await staff.press(person, "forget", having_id=device_id)
        assert late.status_code == 422
        assert "This device had been forgotten already." in late.text
