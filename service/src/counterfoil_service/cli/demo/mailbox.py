# SPDX-License-Identifier: Apache-2.0
"""The demo's mailbox: a page with the mail that the service wrote to its folder."""

import contextlib
import email
import email.policy
import re
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from jinja2 import DictLoader, Environment

_LINK = re.compile(r"https?://\S+")
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo mailbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="2">
<style>
:root{color-scheme:light dark}
body{font:1rem/1.55 system-ui,sans-serif;margin:0 auto;max-width:40rem;padding:2rem 1.25rem;overflow-wrap:anywhere}
h1{font-size:1.25rem;font-weight:600}
article{border:1px solid color-mix(in srgb,CanvasText 25%,transparent);border-radius:.75rem;padding:1rem 1.25rem;
margin:1rem 0}
h2{font-size:1.05rem;margin:0 0 .25rem}
p.from{margin:0 0 .75rem;opacity:.75;font-size:.9rem}
pre{font:inherit;white-space:pre-wrap;margin:0}
</style>
<h1>Demo mailbox</h1>
{% for mail in mails %}<article><h2>{{ mail.subject }}</h2><p class="from">to {{ mail.to }}</p>
<pre>{{ mail.before }}<a href="{{ mail.link }}">{{ mail.link }}</a>{{ mail.after }}</pre></article>
{% else %}<p>No mail yet. This page looks again every two seconds.</p>{% endfor %}</html>"""


def read_mails(folder: Path) -> list[EmailMessage]:
    """Every mail so far, newest first."""
    files = sorted(folder.glob("*.eml"), reverse=True)
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]


def text_of(mail: EmailMessage) -> str:
    """The text part."""
    part = mail.get_body(("plain",))
    return "" if part is None else str(part.get_content())


def link_in(mail: EmailMessage) -> str | None:
    """The one link of a mail."""
    match = _LINK.search(text_of(mail))
    return match[0] if match else None


@contextlib.contextmanager
def running_mailbox(folder: Path) -> Iterator[str]:
    """Serve the page on a free loopback port until the block ends; its address."""
    template = Environment(loader=DictLoader({"mailbox.html": _PAGE}), autoescape=True).get_template("mailbox.html")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = template.render(mails=[_shown(mail) for mail in read_mails(folder)]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the terminal for the desktop."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="demo-mailbox", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _shown(mail: EmailMessage) -> dict[str, str]:
    before, link, after = text_of(mail), link_in(mail) or "", ""
    if link:
        before, _, after = before.partition(link)
    return {"subject": mail["Subject"], "to": mail["To"], "before": before, "link": link, "after": after}
