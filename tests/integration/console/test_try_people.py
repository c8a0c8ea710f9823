import pytest
from pathlib import Path
from support.staff import Staff
from support.stage import Stage
from support.surfer import Surfer

async def test_try(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as ada:
        await ada.sign_in("Ada.Lovelace@example.com")
        await stage.start("bob@example.com")
        await stage.approved("ada.lovelace@example.com")
        staff = await Staff.hired(browser)
        page = await staff.get("/people")
        assert page.status_code == 200, page.text[-1500:]
        Path("/tmp/f/people.html").write_text(page.text)
        found = await staff.press(page, "search", who="ada")
        assert found.status_code == 200, found.text[-1500:]
        Path("/tmp/f/found.html").write_text(found.text)
        found = await staff.press(page, "search", who="ada.lovelace@EXAMPLE.com")
        assert found.status_code == 303
        person = await browser.follow(found)
        assert person.status_code == 200, person.text[-1500:]
        Path("/tmp/f/person.html").write_text(person.text)
        found = await staff.press(page, "search", who="bob@EXAMPLE.com")
        person = await browser.follow(found)
        assert person.status_code == 200, person.text[-1500:]
        Path("/tmp/f/mailbox.html").write_text(person.text)
        erase = await browser.client.get(str(person.url) + "/erase")
        assert erase.status_code == 200, erase.text[-1500:]
        Path("/tmp/f/erase.html").write_text(erase.text)
