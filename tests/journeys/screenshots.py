# SPDX-License-Identifier: Apache-2.0
"""`just screenshots`: each page into docs/pages, phone and desktop, in both lights; the console into docs/console."""

import sys
import tempfile
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from journeys import console_pictures  # noqa: E402 - found by the path above
from journeys.databases import REGISTRATION  # noqa: E402
from journeys.desktop import SyncDesktop  # noqa: E402
from journeys.gallery import Gallery  # noqa: E402
from journeys.small_pictures import smaller  # noqa: E402
from support.background import LoopThread  # noqa: E402
from support.mailserver import MailServer  # noqa: E402
from support.phone import Browser, Scheme  # noqa: E402
from support.processes import RunningService  # noqa: E402

PICTURES = TESTS.parent / "docs" / "pages"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SCREENS: dict[str, tuple[int, int, dict[str, Any]]] = {
    "phone": (390, 844, {}),
    "desktop": (1280, 900, {"device_scale_factor": 1, "is_mobile": False, "has_touch": False}),
}


def main() -> None:
    """Take them all again."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        LoopThread() as loop,
        Browser(loop) as browser,
        MailServer() as mail,
        browser.phone() as blank,
    ):
        service = RunningService(Path(folder), database_url=f"sqlite:///{folder}/counterfoil.db", mail_url=mail.url)
        service.told(*REGISTRATION)
        with service:
            desktop = SyncDesktop.with_new_key(service.public_url)
            gallery = Gallery(service, mail, desktop)
            for screen, (width, height, options) in SCREENS.items():
                for name, bring in gallery.pages.items():
                    with browser.phone(**options) as phone:
                        bring(phone)
                        for scheme in SCHEMES:
                            phone.look(width, height, scheme)
                            path = PICTURES / f"{name}-{screen}-{scheme}.png"
                            taken = phone.run(phone.page.screenshot(full_page=True, animations="disabled"))
                            path.write_bytes(smaller(taken, blank))
                            sys.stdout.write(f"{path.relative_to(TESTS.parent)} {path.stat().st_size // 1024} KB\n")
            desktop.close()


if __name__ == "__main__":
    main()
    console_pictures.main()
