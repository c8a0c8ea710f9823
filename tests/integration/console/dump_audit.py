import pathlib, re
from support.staff import Staff
from support.auditor import seal
from support.stage import Stage
from support.surfer import Surfer

async def test_dump(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser, "auditor")
        out = pathlib.Path("/tmp/e/pages"); out.mkdir(exist_ok=True)
        for n in range(6):
            for _ in range(1 + n % 3):
                sqlite_stage.clock.advance(400)
                asked = await sqlite_stage.approved(f"bob{n}@example.com")
                await sqlite_stage.poll(asked)
            sqlite_stage.clock.advance(3000)
        await seal(sqlite_stage)
        (out/"audit.html").write_text(await staff.see("/audit"))
        (out/"wrong.html").write_text((await staff.get("/audit?since=yesterday&name=login.aproved&source=10.0.0.0/8")).text)
        (out/"story.html").write_text(await staff.see(f"/audit/logins/{asked.login_id}"))
        (out/"entry.html").write_text(await staff.see("/audit/entries/9"))
