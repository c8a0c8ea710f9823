# SPDX-License-Identifier: Apache-2.0
"""A30: what strangers choose ends in mails, pages and logs, and is to end a line, a header or a tag there."""

import httpx2

from attack.kit.target import Target
from attack.kit.verdict import demand

ROW = "A30"
ATTACK = "injection into mail headers, pages and logs"
MARK = "injected-7f3a"
REFUSED = (
    f"a\r\nBcc: {MARK}@evil.example",
    f"a\n{MARK} login.approved",
    f"a\x00{MARK}",
    f"a\u202e{MARK}",
    f"a\u2028{MARK}",
)
SHOWN = (
    f"<script>{MARK}</script>", f'"><img src=//{MARK}.example>', f"a|b={MARK}|CEF:0|", f"https://{MARK}.example/l/x",
    f"{{{{ 7*7 }}}}{MARK}", f"call +1 800 555 0199 {MARK}", f"=cmd|{MARK}",
)  # fmt: skip
ADDRESSES = ("{}\r\nBcc: b@evil.example", "{},b@evil.example", "{}>", "<{}>", '"a b"{}', "{}\x00")
FORMATS = ("cef", "syslog", "csv", "jsonl")


async def attack(target: Target) -> str:
    """Labels and addresses; what is let in is looked for where it is shown."""
    for label in REFUSED:
        answer = await target.ask(target.somebody(), device_label=label)
        demand(answer.status_code == httpx2.codes.BAD_REQUEST, f"the label {label!r} is taken")
    for address in ADDRESSES:
        answer = await target.ask(address.format(target.somebody()))
        demand(answer.status_code == httpx2.codes.BAD_REQUEST, f"the address {address!r} is taken")
    for label in SHOWN:
        await _shown(target, label)
    looked = await _exported(target)
    refused = f"{len(REFUSED)} labels and {len(ADDRESSES)} addresses refused"
    return f"{refused}, {len(SHOWN)} labels shown without effect{looked}"


async def _shown(target: Target, label: str) -> None:
    started = await target.start(device_label=label)
    letter = await target.letter(started)  # which has exactly one link
    demand(MARK.encode() not in letter.raw.partition(b"\r\n\r\n")[0], f"{label!r} stands in the mail's header")
    demand(f"{MARK}.example" not in letter.text, f"{label!r} becomes a link in the mail")
    demand(label not in letter.text or label.isalnum(), f"{label!r} stands in the mail as it is")
    page = (await target.open(letter.secret)).text
    demand("<script>" not in page and f"<img src=//{MARK}" not in page, f"{label!r} is markup in the page")
    demand(f"49{MARK}" not in page + letter.text, f"{label!r} is run by a template")


async def _exported(target: Target) -> str:
    """No line of a log or an export begins with what was injected."""
    texts = {str(file): file.read_text("utf-8", "replace") for file in target.log_files}
    if target.command is not None:
        for form in FORMATS:
            done = await target.told("audit", "export", "--format", form)
            texts[form] = done.stdout
    for name, text in texts.items():
        broken = [line for line in text.splitlines() if line.startswith((MARK, "Bcc:", "=cmd"))]
        demand(not broken, f"a line of {name} is the attacker's")
    return f"; no line of {len(texts)} logs and exports is theirs" if texts else ""
