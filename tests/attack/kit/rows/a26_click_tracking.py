# SPDX-License-Identifier: Apache-2.0
"""A26: somebody between the service and its reader has the link rewritten, or learns that it was read."""

import re
from urllib.parse import urlsplit

from attack.kit.forms import PageReader
from attack.kit.target import Target
from attack.kit.verdict import demand

ROW = "A26"
ATTACK = "click tracking hands the secret to a third party"


async def attack(target: Target) -> str:
    """The mail as it arrived. What each provider's API is told: `just mail-matrix`, whose providers demand it."""
    letter = await target.letter(await target.start())
    html = letter.message.get_body(("html",))
    assert html is not None
    page = PageReader(html.get_content())
    links = [*page.links, *re.findall(r"https?://\S+", letter.text)]
    host = urlsplit(target.issuer).netloc
    for link in links:
        demand(urlsplit(link).netloc == host, f"the mail leads to {urlsplit(link).netloc} first")
    demand(set(links) == {f"{target.issuer}/l/{letter.secret}"}, "the mail has more than one link")
    demand(not page.loaded, f"the mail loads {page.loaded}")
    return f"{len(links)} links in two parts, all of them the issuer's one; nothing is loaded when the mail is read"
