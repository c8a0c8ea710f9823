# SPDX-License-Identifier: Apache-2.0
"""Mail providers on loopback: real HTTP, strict as each one's documentation is, and as unwell as a test wants them.

What a provider's documentation demands stands in `PROVIDERS`: where a request goes, what proves who sends it, which
fields there must be and may be. A request that breaks it is answered with 400 and kept in `wrong`.
"""

import asyncio
import base64
import email
import email.policy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Final

from counterfoil_service.mail.render import LinkMail, render_link_mail
from counterfoil_service.mail.transports.sigv4 import Signer
from counterfoil_service.settings.secret import Secret
from support.receivers import HANG, KEY, Posted

MAIL_ID: Final = "01JD8Z0M0V7Q5T9KX3B1C2D4E6"
SECRET: Final = "hunter2/+@,#?&="
"""A key with all that a URL needs percent-encoded."""
ENCODED: Final = "hunter2%2F%2B%40%2C%23%3F%26%3D"
SENDER: Final = "Example <sign-in@example.com>"
RECIPIENT: Final = "ada@example.net"
LINK: Final = "https://id.example/l/" + "s" * 43

_HEAD: Final = re.compile(rb"POST (\S+) HTTP/1\.1\r\n(.*)\r\n\r\n", re.DOTALL)
_PART: Final = re.compile(
    rb'Content-Disposition: form-data; name="([^"]+)"(?:; filename="[^"]+")?\r\n(?:Content-Type: [^\r]+\r\n)?\r\n(.*)',
    re.DOTALL,
)


def letter(mail_id: str = MAIL_ID, minutes: int = 10) -> EmailMessage:
    """A mail with a link, as the worker renders it."""
    now = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    return render_link_mail(
        LinkMail(
            application_name="Träumerei",
            device_label="Ada's laptop",
            link=LINK,
            recipient=RECIPIENT,
            sender=SENDER,
            message_id=f"<{mail_id}@example.com>",
            sent_at=now,
            issuer_host="id.example",
            asked_at=now,
            expires_minutes=minutes,
            standing="new",
        )
    )


class BrokenRuleError(Exception):
    """What the documentation forbids."""


@dataclass(frozen=True)
class Taken:
    """One mail that a provider has, as its receiver will see it."""

    mail_id: str
    recipient: str
    text: str
    html: str
    key: str | None = None
    """By which the provider tells a repetition."""


def _must(condition: object, rule: str) -> None:
    if not condition:
        raise BrokenRuleError(rule)


def _object(body: bytes, needed: set[str], allowed: set[str]) -> dict[str, Any]:
    value = json.loads(body)
    _must(isinstance(value, dict), "a JSON object")
    _must(needed <= value.keys(), f"missing: {sorted(needed - value.keys())}")
    _must(value.keys() <= needed | allowed, f"unknown: {sorted(value.keys() - needed - allowed)}")
    return dict(value)


def _json(post: Posted, target: str) -> None:
    _must(post.target == target, f"not {target}: {post.target}")
    _must(post.headers["content-type"] == "application/json", "application/json")


def _resend(post: Posted, _port: int) -> Taken:
    _json(post, "/emails")
    _must(post.headers["authorization"] == f"Bearer {SECRET}", "the key as a bearer")
    _must(1 <= len(post.headers["idempotency-key"]) <= 256, "an idempotency key of 1 to 256 characters")
    more = {"cc", "bcc", "reply_to", "html", "text", "headers", "attachments", "tags", "scheduled_at", "topic_id"}
    mail = _object(post.body, {"from", "to", "subject"}, more)
    _must(isinstance(mail["to"], list) and len(mail["to"]) <= 50, "at most fifty recipients")
    for tag in mail["tags"]:
        _must(tag.keys() == {"name", "value"}, "a tag has a name and a value")
        _must(all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", each) for each in tag.values()), "letters, digits, _ and -")
    tags = {tag["name"]: tag["value"] for tag in mail["tags"]}
    return Taken(tags["mail_id"], mail["to"][0], mail["text"], mail["html"], post.headers["idempotency-key"])


def _postmark(post: Posted, _port: int) -> Taken:
    _json(post, "/email")
    _must(post.headers["accept"] == "application/json", "Accept: application/json")
    _must(post.headers["x-postmark-server-token"] == SECRET, "the server's token")
    more = {"Cc", "Bcc", "Subject", "Tag", "HtmlBody", "TextBody", "ReplyTo", "Headers", "TrackOpens", "TrackLinks"}
    mail = _object(post.body, {"From", "To"}, more | {"Metadata", "Attachments", "MessageStream"})
    _must(mail["TrackLinks"] in {"None", "HtmlAndText", "HtmlOnly", "TextOnly"}, "a word of TrackLinks")
    _must(isinstance(mail["TrackOpens"], bool), "TrackOpens is a boolean")
    _must(all(each.keys() == {"Name", "Value"} for each in mail["Headers"]), "headers have Name and Value")
    _must(all(len(key) <= 20 and len(value) <= 80 for key, value in mail["Metadata"].items()), "short metadata")
    return Taken(mail["Metadata"]["mail_id"], mail["To"], mail["TextBody"], mail["HtmlBody"])


def _mime(raw: bytes) -> tuple[str, str]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (part.get_content() for part in parts if part is not None)
    return text.replace("\r\n", "\n"), html.replace("\r\n", "\n")


def _mailgun(post: Posted, _port: int) -> Taken:
    _must(post.target == "/v3/mg.example.com/messages.mime", "the domain's messages.mime")
    _must(post.headers["authorization"] == "Basic " + base64.b64encode(f"api:{SECRET}".encode()).decode(), "api:KEY")
    kind, _, boundary = post.headers["content-type"].partition("; boundary=")
    _must(kind == "multipart/form-data", "a form with a file")
    pieces = post.body.split(f"--{boundary}".encode())
    _must(pieces[0] == b"" and pieces[-1] == b"--\r\n", "RFC 7578")
    matches = [_PART.fullmatch(piece.removeprefix(b"\r\n").removesuffix(b"\r\n")) for piece in pieces[1:-1]]
    fields = {match[1].decode(): match[2] for match in matches if match is not None}
    _must(len(fields) == len(pieces) - 2, "each field once, as RFC 7578 has it")
    _must({"to", "message"} <= fields.keys(), "to and message")
    tracking = {"o:tracking", "o:tracking-clicks", "o:tracking-opens"}
    known = {name for name in fields if name in {"to", "message"} | tracking or name.startswith("v:")}
    _must(known == fields.keys(), f"unknown: {sorted(fields.keys() - known)}")
    _must(all(fields[name] in {b"yes", b"no", b"true", b"false", b"htmlonly"} for name in tracking), "a word")
    return Taken(fields["v:mail_id"].decode(), fields["to"].decode(), *_mime(fields["message"]))


def _ses(post: Posted, port: int) -> Taken:
    _json(post, "/v2/email/outbound-emails")
    url, headers = f"http://127.0.0.1:{port}{post.target}", {"Content-Type": "application/json"}
    time = datetime.strptime(post.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signer = Signer("AKIDEXAMPLE", Secret(SECRET), "eu-central-1", "ses")
    expected = signer.signed("POST", url, headers, post.body, int(time.timestamp()) * 1_000_000)
    _must(post.headers["authorization"] == expected["Authorization"], "a signature of version 4")
    more = {"FromEmailAddress", "Destination", "EmailTags", "ConfigurationSetName", "ConfigurationOverrides"}
    mail = _object(post.body, {"Content"}, more)
    _must(mail["Content"].keys() == {"Raw"} and mail["Content"]["Raw"].keys() == {"Data"}, "one kind of content")
    _must(len(mail["Destination"]["ToAddresses"]) <= 50, "at most fifty recipients")
    _must(mail["ConfigurationOverrides"].keys() == {"Tracking"}, "what may be overridden")
    words = mail["ConfigurationOverrides"]["Tracking"]
    _must(words.keys() == {"ClickTrackingEnabled", "OpenTrackingEnabled"}, "clicks and opens")
    _must(set(words.values()) <= {"ENABLED", "DISABLED"}, "ENABLED or DISABLED")
    tags = {tag["Name"]: tag["Value"] for tag in mail["EmailTags"]}
    raw = base64.b64decode(mail["Content"]["Raw"]["Data"], validate=True)
    return Taken(tags["mail_id"], mail["Destination"]["ToAddresses"][0], *_mime(raw))


def _hook(post: Posted, _port: int) -> Taken:
    _json(post, "/mail?from=counterfoil")
    _must("." not in post.id, "an id without a full stop")
    payload = post.verified()
    _must(payload.keys() == {"type", "timestamp", "data"}, "an envelope")
    _must(payload["type"] == "mail.send", "its type")
    data = payload["data"]
    return Taken(data["mail_id"], data["to"], data["text"], data["html"], post.id)


@dataclass(frozen=True)
class Documented:
    """One provider: the URL an operator writes, how a request is read, and its answers."""

    url: str
    """`{port}` is where it listens."""
    read: Callable[[Posted, int], Taken]
    accepted: dict[str, Any]
    refused: tuple[int, str, dict[str, Any]]
    """Status, further header lines and body, for a recipient that it will never take."""


_STANDARD: Final = "?endpoint=http://127.0.0.1:{port}"
PROVIDERS: Final = {
    "resend": Documented(
        f"resend://{ENCODED}{_STANDARD}",
        _resend,
        {"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"},
        (422, "", {"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field."}),
    ),
    "mailgun": Documented(
        f"mailgun://{ENCODED}@mg.example.com{_STANDARD}",
        _mailgun,
        {"id": "<20261128120000.1@mg.example.com>", "message": "Queued. Thank you."},
        (400, "", {"message": "to parameter is not a valid address. please check documentation"}),
    ),
    "postmark": Documented(
        f"postmark://{ENCODED}{_STANDARD}&stream=sign-in",
        _postmark,
        {"To": RECIPIENT, "SubmittedAt": "2026-11-28T12:00:00Z", "MessageID": "0a1b", "ErrorCode": 0, "Message": "OK"},
        (
            422,
            "",
            {"ErrorCode": 406, "Message": "You tried to send to recipient(s) that have been marked as inactive."},
        ),
    ),
    "ses": Documented(
        f"ses://AKIDEXAMPLE:{ENCODED}@eu-central-1{_STANDARD}",
        _ses,
        {"MessageId": "0107018c-0000"},
        (400, "x-amzn-ErrorType: MessageRejected:http://internal.amazon.com/\r\n", {"message": "Illegal address"}),
    ),
    "hook": Documented(
        f"hook+http://127.0.0.1:{{port}}/mail?from=counterfoil#{KEY}",
        _hook,
        {},
        (422, "", {}),
    ),
}


Reply = int | str | tuple[int, str, dict[str, Any]]
"""A status; CUT or HANG; or a whole answer, as in `Documented.refused`."""


@dataclass
class FakeProvider:
    """One of them, for `receivers.listening`; one of its `replies` for each request."""

    kind: str
    posts: list[Posted] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    seconds: float = 0
    """How long it thinks."""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        head = _HEAD.fullmatch(await reader.readuntil(b"\r\n\r\n"))
        assert head is not None
        lines = [line.split(": ", 1) for line in head[2].decode("ascii").split("\r\n")]
        headers = {name.lower(): value for name, value in lines}
        post = Posted(head[1].decode(), headers, await reader.readexactly(int(headers["content-length"])))
        self.posts.append(post)
        reply = self.replies.pop(0) if self.replies else 200
        await asyncio.sleep(self.seconds)
        if reply == HANG:
            await self.let_go.wait()
        if isinstance(reply, str):
            return
        status, more, body = self._answer(post, reply, int(headers["host"].rpartition(":")[2]))
        content = json.dumps(body).encode()
        lines_of_head = f"HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\n{more}"
        writer.write(f"{lines_of_head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def _answer(self, post: Posted, reply: Reply, port: int) -> tuple[int, str, dict[str, Any]]:
        documented = PROVIDERS[self.kind]
        try:
            mail = documented.read(post, port)
        except (BrokenRuleError, KeyError, ValueError) as error:
            self.wrong.append(f"{type(error).__name__}: {error}")
            return 400, "", {"message": str(error)}
        if isinstance(reply, tuple):
            return reply
        if reply != 200:
            return int(reply), "", {"message": "trouble"}
        if mail.key is None or mail.key not in {each.key for each in self.taken}:
            self.taken.append(mail)
        return 200, "", documented.accepted


@dataclass
class FakeSmtp:
    """A mail server of the same manners. `replies`: a reply code to the recipient, CUT or HANG after the message."""

    posts: list[bytes] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    seconds: float = 0
    kind = "smtp"

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One mail a connection."""
        reply = self.replies.pop(0) if self.replies else 250
        recipient = ""
        writer.write(b"220 mail.example\r\n")
        while line := (await reader.readline()).decode("ascii").strip():
            verb = line.partition(" ")[0].upper()
            if verb == "DATA":
                writer.write(b"354 go ahead\r\n")
                raw = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
                self.posts.append(raw)
                await asyncio.sleep(self.seconds)
                if reply == HANG:
                    await self.let_go.wait()
                if isinstance(reply, str):
                    return
                named = re.search(rb"Message-ID: <([^@]+)@", raw)
                self.taken.append(Taken(named[1].decode() if named else "", recipient, *_mime(raw)))
            elif verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
            answer = reply if verb == "RCPT" and isinstance(reply, int) else 221 if verb == "QUIT" else 250
            writer.write(f"{answer} {verb}\r\n".encode())
            await writer.drain()
