# SPDX-License-Identifier: Apache-2.0
# /// script
# requires-python = ">=3.11"
# dependencies = ["httpx2", "jinja2", "litestar>=2.25,<3", "msgspec", "uvicorn"]
# ///
"""A website that people sign in to: authorization code with PKCE (RFC 6749, 7636), as an application with a secret.

Register it once, where the service's settings are in the environment. The secret is shown this once; a website has no
device key, so its own tokens are bound to none, and never leave this server:

    counterfoil applications add "Hello" --client-id hello-site --confidential --dpop optional \
        --redirect-uri http://127.0.0.1:8002/callback

    CLIENT_SECRET=… uv run examples/web_app.py

Environment: CLIENT_SECRET, ISSUER (default http://127.0.0.1:8080), CLIENT_ID (hello-site), and SITE_URL, where browsers
find this site (http://127.0.0.1:8002).
"""

import base64
import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx2
import jinja2
import msgspec
import uvicorn
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect
from litestar.stores.memory import MemoryStore

ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:8080")
CLIENT_ID = os.environ.get("CLIENT_ID", "hello-site")
CLIENT_SECRET = os.environ.get("CLIENT_SECRET", "")
SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8002")
CALLBACK = f"{SITE_URL}/callback"
HTTPS = SITE_URL.startswith("https://")
MINUTES, DAYS = 60, 24 * 60 * 60

STYLE = """
:root { color-scheme: light dark; --ground: #eceff6; --paper: #fff; --ink: #1a2033; --quiet: #57607a; --go: #2f4bb8;
  --go-ink: #fff; --bad: #a02c2c; }
@media (prefers-color-scheme: dark) { :root { --ground: #10131c; --paper: #1b2030; --ink: #eceffa; --quiet: #a9b1c9;
  --go: #a9bbff; --go-ink: #10183a; --bad: #ffb0a8; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100svh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
  color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 27rem; padding: 2.25rem 2rem; border-radius: 1.125rem; background: var(--paper);
  box-shadow: 0 .5rem 2rem rgb(10 20 60 / 12%); overflow-wrap: anywhere; }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; }
p { margin: 0 0 1.5rem; color: var(--quiet); }
strong { color: var(--ink); }
.bad { color: var(--bad); }
a, button { display: block; width: 100%; padding: .8rem 1rem; border: 2px solid var(--go); border-radius: .7rem;
  background: var(--go); color: var(--go-ink); font: inherit; font-weight: 600; text-align: center;
  text-decoration: none; cursor: pointer; }
button { background: none; color: var(--go); }
:focus-visible { outline: 3px solid var(--go); outline-offset: 3px; }
"""
PAGE = jinja2.Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} · Hello</title>
<style>{{ style | safe }}</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
{% if problem %}
<p class="bad" role="alert">{{ problem }}</p>
{% endif %}
{% if email %}
<p>You are signed in as <strong>{{ email }}</strong>.</p>
<form method="post" action="/sign-out"><button>Sign out</button></form>
{% else %}
{% if not problem %}
<p>This site knows who you are once you sign in: by a link in your mail, without a password.</p>
{% endif %}
<a href="/sign-in">Sign in</a>
{% endif %}
</main>
</body>
</html>
""")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]

store = MemoryStore()
"""What cookies stand for. Several processes need one that they share: litestar.stores.redis."""


class Begun(msgspec.Struct):
    """A sign-in that this browser began, and nobody else can end."""

    state: str
    verifier: str


class Visitor(msgspec.Struct):
    """Somebody who is signed in."""

    email: str
    refresh_token: str


class Tokens(msgspec.Struct):
    """What a code is worth."""

    access_token: str
    refresh_token: str


class Person(msgspec.Struct):
    """What userinfo tells; the address only with the scope `email`."""

    email: str


class SignInError(Exception):
    """Why nobody is signed in now, in words for a person."""


@get("/")
async def home(request: AnyRequest) -> Response[str]:
    """Say who is signed in."""
    visitor = await recall(request, "session", Visitor)
    return page("Welcome" if visitor else "Hello, stranger", email=visitor.email if visitor else None)


@get("/sign-in")
async def sign_in() -> Redirect:
    """Send the browser to the service, and remember what it has to bring back."""
    begun = Begun(state=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(32))
    question = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "state": begun.state,
        "code_challenge": base64url(hashlib.sha256(begun.verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    kept = await remember("sign-in", begun, 15 * MINUTES)
    return Redirect(f"{ISSUER}/oauth/authorize?{urlencode(question)}", status_code=303, cookies=[kept])


@get("/callback")
async def callback(request: AnyRequest) -> Redirect:
    """Trade the code for tokens, if it is the answer to what this very browser asked."""
    begun = await recall(request, "sign-in", Begun)
    answer = request.query_params
    if begun is None or not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
        raise SignInError("This sign-in was not begun here, or it took too long.")
    if answer.get("iss") != ISSUER:  # RFC 9207: the code may be another service's
        raise SignInError("The answer came from somebody else.")
    used = await forget(request, "sign-in")
    if "code" not in answer:
        raise SignInError("You were not signed in.")
    tokens = await redeem(answer["code"], begun.verifier)
    person = await read_person(tokens.access_token)
    await forget(request, "session")
    session = await remember("session", Visitor(person.email, tokens.refresh_token), 30 * DAYS)
    return Redirect("/", status_code=303, cookies=[used, session])


@post("/sign-out")
async def sign_out(request: AnyRequest) -> Redirect:
    """End the session here, then at the service."""
    if request.headers.get("origin") != SITE_URL:
        raise SignInError("Press the button on this site to sign out.")
    visitor = await recall(request, "session", Visitor)
    forgotten = await forget(request, "session")
    if visitor is not None:
        await revoke(visitor.refresh_token)
    return Redirect("/", status_code=303, cookies=[forgotten])


async def redeem(code: str, verifier: str) -> Tokens:
    """Give the code away, for the first and only time."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
    with service_trouble():
        async with httpx2.AsyncClient(auth=(CLIENT_ID, CLIENT_SECRET)) as http:
            answer = (await http.post(f"{ISSUER}/oauth/token", data=form)).raise_for_status()
        return msgspec.json.decode(answer.content, type=Tokens)


async def read_person(access_token: str) -> Person:
    """Ask whom the token speaks for."""
    with service_trouble():
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {access_token}"}) as http:
            answer = (await http.get(f"{ISSUER}/oauth/userinfo")).raise_for_status()
        return msgspec.json.decode(answer.content, type=Person)


async def revoke(refresh_token: str) -> None:
    """End the session at the service (RFC 7009)."""
    with service_trouble("You are signed out here, but the sign-in service could not be told."):
        async with httpx2.AsyncClient(auth=(CLIENT_ID, CLIENT_SECRET)) as http:
            (await http.post(f"{ISSUER}/oauth/revoke", data={"token": refresh_token})).raise_for_status()


@contextmanager
def service_trouble(sentence: str = "The sign-in service gave no useful answer. Try again.") -> Iterator[None]:
    """Turn whatever the service did wrong into a sentence that repeats nothing of its answer, which may hold tokens."""
    try:
        yield
    except (httpx2.HTTPError, msgspec.MsgspecError):
        raise SignInError(sentence) from None


async def remember(name: str, value: object, seconds: int) -> Cookie:
    """Keep a value under a new random id, which only this browser knows; an id that came in a cookie is never used."""
    identifier = secrets.token_urlsafe(32)
    await store.set(key_of(name, identifier), msgspec.json.encode(value), expires_in=seconds)
    return cookie(name, identifier, seconds)


async def recall(request: AnyRequest, name: str, kind: type[T]) -> T | None:
    """What the cookie of this browser stands for."""
    kept = await store.get(key_of(name, request.cookies.get(cookie_name(name), "")))
    return None if kept is None else msgspec.json.decode(kept, type=kind)


async def forget(request: AnyRequest, name: str) -> Cookie:
    """Make a cookie worthless, wherever copies of it are; what comes back takes it from this browser."""
    await store.delete(key_of(name, request.cookies.get(cookie_name(name), "")))
    return cookie(name, "", 0)


def cookie(name: str, value: str, seconds: int) -> Cookie:
    """One that scripts cannot read and other sites' forms do not send."""
    return Cookie(cookie_name(name), value=value, max_age=seconds, secure=HTTPS, httponly=True, samesite="lax")


def cookie_name(name: str) -> str:
    """Over https no neighbour under the same domain can set it."""
    return f"__Host-{name}" if HTTPS else name


def key_of(name: str, identifier: str) -> str:
    """What is stored does not let anybody in who reads the store."""
    return f"{name}:{hashlib.sha256(identifier.encode()).hexdigest()}"


def base64url(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def page(title: str, *, status: int = 200, **shown: str | None) -> Response[str]:
    """A page in this site's clothes."""
    html = PAGE.render(title=title, style=STYLE, **shown)
    return Response(html, status_code=status, media_type="text/html", headers=HEADERS)


def show_failure(_request: AnyRequest, error: SignInError) -> Response[str]:
    """Say what happened, and offer another try."""
    return page("That did not work", status=400, problem=str(error))


app = Litestar(
    [home, sign_in, callback, sign_out],
    exception_handlers={SignInError: show_failure},
    openapi_config=None,
)

if __name__ == "__main__":
    if not CLIENT_SECRET:
        sys.exit(
            "Set CLIENT_SECRET to what `counterfoil applications add` showed: the first lines of this file say how."
        )
    # No access log: it would hold the codes that browsers bring to /callback.
    uvicorn.run(app, host="127.0.0.1", port=urlsplit(SITE_URL).port or 8002, access_log=False)
