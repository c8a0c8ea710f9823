# SPDX-License-Identifier: Apache-2.0
"""Code to copy that signs people in to one application: its names are filled in, nothing else is needed."""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from counterfoil_service.core import redirects
from counterfoil_service.core.application import Application

PROTECTED_PATH: Final = "/.counterfoil/callback"
"""Where forward authentication brings people back to a protected host."""

_ASK: Final = """\
# pip install counterfoil-client
from counterfoil_client import Client

client = Client("{issuer}", "{client_id}")
login = client.start_login(input("Your e-mail address: "){redirect})
print("Open the link in your mail and type", login.user_code)
session = login.wait()
print("Signed in as", session.subject)
"""

_COMES_BY_THE_SYSTEM: Final = """\
# pip install counterfoil-client
from counterfoil_client import Client

client = Client("{issuer}", "{client_id}")
login = client.start_login(input("Your e-mail address: "), redirect="{redirect}")
print("Open the link in your mail and type", login.user_code, "or come back by its button")
# What the system opens your application with goes to login.handle_redirect(url), from another thread.
session = login.wait()
print("Signed in as", session.subject)
"""

_WEBSITE: Final = """\
# pip install authlib httpx
import os

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client

metadata = httpx.get("{metadata}").json()
client = OAuth2Client(
    "{client_id}",
    os.environ["CLIENT_SECRET"],
    redirect_uri="{redirect}",
    code_challenge_method="S256",
)


def begin():
    \"\"\"Keep verifier and state in the visitor's session, and send the browser to the address.\"\"\"
    verifier = generate_token(48)
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    return url, state, verifier


def finish(back, state, verifier):
    \"\"\"Who came back at the address `back`; give them a new session cookie of your own.\"\"\"
    if httpx.URL(back).params.get("iss") != metadata["issuer"]:
        raise ValueError("the answer came from somebody else")
    client.fetch_token(metadata["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state)
    return client.get(metadata["userinfo_endpoint"]).json()
"""

_PROTECTED: Final = """\
# nginx, in the server of {host}; the whole of it: docs/how-to/protect-a-site.md
location / {{
    auth_request /_counterfoil;
    auth_request_set $person $upstream_http_remote_user;
    auth_request_set $email $upstream_http_remote_email;
    auth_request_set $sign_in $upstream_http_location;
    error_page 401 = @sign_in;
    proxy_pass http://your-site;
    proxy_set_header Remote-User $person;
    proxy_set_header Remote-Email $email;
}}
location = /_counterfoil {{
    internal;
    proxy_pass {issuer}/auth/forward;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    proxy_set_header Host $host;
    proxy_set_header X-Original-URL https://{host}$request_uri;
}}
location @sign_in {{ return 302 $sign_in; }}
location /.counterfoil/ {{
    proxy_pass {issuer};
    proxy_set_header Host $host;
}}
"""


class Snippet(msgspec.Struct, frozen=True):
    """`code` None where none would do; `words` say what it is, or why there is none."""

    words: str
    code: str | None


def snippet_of(application: Application, public_url: str) -> Snippet:
    """What fits this application best."""
    issuer = public_url.removesuffix("/")
    web = [uri for uri in application.redirect_uris if redirects.kind_of(uri) == "https"]
    protected = next((uri for uri in web if urlsplit(uri).path == PROTECTED_PATH), None)
    if protected is not None:
        code = _PROTECTED.format(host=urlsplit(protected).netloc, issuer=issuer)
        return Snippet("A proxy asks before each request whether somebody is signed in; the site needs no code.", code)
    if application.confidential:
        return _of_a_website(application, issuer)
    return Snippet("Three lines of Python: ask, show the code, wait.", _of_a_program(application, issuer))


def _of_a_website(application: Application, issuer: str) -> Snippet:
    if not application.redirect_uris:
        return Snippet(
            "It has no redirect URI to bring people back to: give it one, and the code for a website stands here.", None
        )
    if application.dpop == "required":
        return Snippet(
            "It must prove a key with its code (DPoP, RFC 9449), which few libraries for websites do: send people to"
            f" {issuer}/oauth/authorize by one that does, or register it with optional device keys.",
            None,
        )
    parts = urlsplit(issuer)
    metadata = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}"
    uri = application.redirect_uris[0]
    code = _WEBSITE.format(metadata=metadata, client_id=application.id, redirect=uri)
    return Snippet("A website sends its visitor here, and gets them back with a code. Any OAuth library does it.", code)


def _of_a_program(application: Application, issuer: str) -> str:
    kinds = {redirects.kind_of(uri): uri for uri in reversed(application.redirect_uris)}
    loopback = kinds.pop("loopback", None)
    if loopback is None and kinds:
        uri = kinds.get("scheme") or kinds["https"]
        return _COMES_BY_THE_SYSTEM.format(issuer=issuer, client_id=application.id, redirect=uri)
    redirect = "" if loopback is None else f', redirect="{_listening_at(loopback)}"'
    return _ASK.format(issuer=issuer, client_id=application.id, redirect=redirect)


def _listening_at(uri: str) -> str:
    """As the library takes it: it finds a free port by itself."""
    parts = urlsplit(uri)
    host = "[::1]" if parts.netloc.startswith("[") else "127.0.0.1"
    return "loopback" if (host, parts.path) == ("127.0.0.1", "/callback") else f"http://{host}{parts.path}"
