# SPDX-License-Identifier: Apache-2.0
"""After a whole run, every secret of it is looked for everywhere but where it belongs [R38]."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from counterfoil_client import FileStore
from journeys.codes import wrong_code
from journeys.conftest import OpenService
from journeys.databases import dump, mail_is_due, rows
from journeys.desktop import Asked, ClientKind, open_desktop
from support.background import LoopThread, wait_until
from support.figures import asked
from support.mailserver import Letter, MailServer
from support.phone import Phone
from support.processes import SECRET_KEY, free_port

Secrets = dict[str, bytes]


def test_no_secret_of_a_run_is_logged_stored_mailed_beside_the_link_or_shown(
    new_service: OpenService,
    mail: MailServer,
    phone: Phone,
    loop: LoopThread,
    tmp_path: Path,
    client_kind: ClientKind,
    address: str,
) -> None:
    keys, figures = tmp_path / "keys", free_port()
    with new_service(log="json", metrics=f"127.0.0.1:{figures}") as service:
        desktop = open_desktop(client_kind, service.public_url, loop, FileStore(keys))
        signed_in = desktop.ask(address)
        first = mail.letter_to(address)
        phone.approve(first.link, signed_in.user_code)
        session = signed_in.session()
        locked = desktop.ask(address)
        second = mail.wait_for(address, 2)[1]
        _lock(phone, second, locked)
        failure = locked.error()
        desktop.close()

        found = _secrets(signed_in, first, "first") | _secrets(locked, second, "second") | _key_secrets(keys)
        found |= {
            "access token": session.access_token.encode(),
            "refresh token": (session.refresh_token or "").encode(),
            "SECRET_KEY": SECRET_KEY.encode(),
            "SECRET_KEY bytes": bytes.fromhex(SECRET_KEY),
        }
        assert len(set(found.values())) == len(found)
        url = service.settings["database_url"]
        _look_for(found | {"address": address.encode()}, "the figures", asked(figures).encode())
        told = service.told("audit", "explain", signed_in.login_id, "--json")
        _look_for(found, "the database", _as_bytes(dump(url)))
        _look_for(found, "the audit story", told.encode())
        things = [desktop.key, vars(desktop)["client"], session, failure, signed_in.login, locked.login]
        _look_for(found, "what the SDK shows", _shown([*things, *signed_in.progress, *locked.progress]))
        # A debugger that unfolds them sees the code that is on the screen, and nothing else.
        others = {name: value for name, value in found.items() if "user_code" not in name}
        _look_for(others, "what the SDK holds", _shown([vars(thing) for thing in things if hasattr(thing, "__dict__")]))
        for letter in (first, second):
            _look_for(found, "a mail's head", letter.raw.partition(b"\r\n\r\n")[0])
            codes = {name: value for name, value in found.items() if "code" in name}
            _look_for(codes, "a mail", letter.raw)
    _look_for(found, "the log", service.log_file.read_bytes())
    assert sum(json.loads(line)["logger"] == "counterfoil.access" for line in service.log.splitlines()) > 5
    if url.startswith("sqlite:///"):
        for file in service.folder.glob("counterfoil.db*"):
            _look_for(found, f"the file {file.name}", file.read_bytes())


def test_the_link_secret_lies_sealed_in_the_outbox_and_leaves_it_with_the_mail(
    new_service: OpenService, sick_mail: MailServer, loop: LoopThread, address: str
) -> None:
    with new_service(mail_url=sick_mail.url) as service:
        url = service.settings["database_url"]
        desktop = open_desktop("sync", service.public_url, loop)
        asked = desktop.ask(address, wait=False)
        query = "SELECT sealed_secret FROM outbox WHERE login_id = ?"
        ((sealed,),) = rows(url, query, asked.login_id)
        before = _as_bytes(dump(url))

        sick_mail.start()
        mail_is_due(url)
        letter = sick_mail.letter_to(address)
        _look_for(_secrets(asked, letter, "queued"), "the database while the mail waits", before)
        assert len(bytes(sealed)) > len(letter.secret)
        wait_until(lambda: rows(url, query, asked.login_id) == [(None,)], "the outbox to forget the secret")
        desktop.close()


def test_this_search_finds_what_lies_about() -> None:
    _look_for({"secret": b"abcdefgh"}, "nothing", b"abcdefg")
    for found in (b"xabcdefghx", base64.b64encode(b"abcdefgh"), b"abcdefgh".hex().encode()):
        with pytest.raises(AssertionError, match="secret"):
            _look_for({"secret": b"abcdefgh"}, "here", found)


def _lock(phone: Phone, letter: Letter, asked: Asked) -> None:
    phone.open(letter.link)
    for _ in range(3):
        phone.type_code(wrong_code(asked.user_code))
        phone.press("Sign in")


def _secrets(asked: Asked, letter: Letter, name: str) -> Secrets:
    return {
        f"{name} link secret": letter.secret.encode(),
        f"{name} link secret's bytes": _decoded(letter.secret),
        f"{name} device_code": asked.device_code.encode(),
        f"{name} device_code's bytes": _decoded(asked.device_code),
        f"{name} user_code": asked.user_code.encode(),
        f"{name} user_code without hyphen": asked.user_code.replace("-", "").encode(),
    }


def _key_secrets(folder: Path) -> Secrets:
    (file,) = folder.glob("*.pem")
    key = load_pem_private_key(file.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    number = key.private_numbers().private_value.to_bytes(32)
    return {"device key": number, "device key in JWK": base64.urlsafe_b64encode(number).rstrip(b"=")}


def _decoded(secret: str) -> bytes:
    return base64.urlsafe_b64decode(secret + "=")


def _shown(things: list[object]) -> bytes:
    return "\n".join(f"{thing!r} {thing!s}" for thing in things).encode()


def _as_bytes(tables: dict[str, list[tuple[object, ...]]]) -> bytes:
    values = (value for found in tables.values() for row in found for value in row)
    return b"\n".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in values)


def _look_for(secrets: Secrets, place: str, data: bytes) -> None:
    for name, value in secrets.items():
        forms = {value, value.hex().encode(), base64.b64encode(value), base64.urlsafe_b64encode(value).rstrip(b"=")}
        for form in forms:
            assert form not in data, f"{name} in {place}"
