# SPDX-License-Identifier: Apache-2.0
"""The fake service's way home: what a login was started with, the codes a browser carries, and who may redeem them."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from counterfoil_client._fake_logins import FakeLogin, FakeLogins
from counterfoil_client._fake_sessions import FakeSessions
from counterfoil_client._fake_time import FakeTime

_LIFE = timedelta(seconds=60)
_MOST = 3
_FIELDS = ("redirect_uri", "state", "code_challenge", "code_challenge_method")
_SHORTEST_STATE = 22
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class BadRedirect(Exception):  # noqa: N818 - an answer, not a fault
    """The fields of the way home are incomplete, or not what the contract asks for."""


@dataclass(slots=True)
class _Way:
    login: FakeLogin
    redirect_uri: str
    state: str = field(repr=False)
    challenge: str = field(repr=False)
    codes: dict[str, datetime] = field(default_factory=dict[str, datetime], repr=False)
    used: set[str] = field(default_factory=set[str], repr=False)
    session_id: str | None = None


class FakeRedirects:
    """All ways home, by login."""

    def __init__(
        self,
        issuer: str,
        time: FakeTime,
        logins: FakeLogins,
        sessions: FakeSessions,
        collect: Callable[[FakeLogin], dict[str, Any]],
    ) -> None:
        self._issuer = issuer
        self._time = time
        self._logins = logins
        self._sessions = sessions
        self._collect = collect
        self._ways: list[_Way] = []

    @staticmethod
    def check(form: dict[str, str]) -> None:
        """All four fields or none, and S256 alone."""
        given = [name for name in _FIELDS if name in form]
        if not given:
            return
        if len(given) < len(_FIELDS) or form["code_challenge_method"] != "S256":
            raise BadRedirect
        if not _CHALLENGE.fullmatch(form["code_challenge"]) or len(form["state"]) < _SHORTEST_STATE:
            raise BadRedirect

    def begin(self, login: FakeLogin, form: dict[str, str]) -> None:
        """Remember how this login may come home, if it may."""
        if "redirect_uri" in form:
            self._ways.append(_Way(login, form["redirect_uri"], form["state"], form["code_challenge"]))

    def issue(self, login_id: str) -> str:
        """Make a code and return the URL that carries it; `KeyError` or `ValueError` for a mistake of the test."""
        way = next((one for one in self._ways if one.login.login_id == login_id), None)
        if way is None:
            raise KeyError(login_id)
        if self._logins.state(way.login) != "pending":
            raise ValueError(f"login {login_id} is {way.login.state} already")
        if len(way.codes) >= _MOST:
            raise ValueError(f"login {login_id} has had its three codes")
        code = secrets.token_urlsafe(32)
        way.codes[code] = self._time.now() + _LIFE
        joint = "&" if "?" in way.redirect_uri else "?"
        return f"{way.redirect_uri}{joint}code={code}&state={way.state}&iss={quote(self._issuer, safe='')}"

    def redeem(self, form: dict[str, str], thumbprint: str) -> dict[str, Any] | None:
        """Return the tokens, or None; a second time ends what the first one made."""
        code = form.get("code", "")
        way = next((one for one in self._ways if code in one.codes), None)
        if way is None:
            return None
        if code in way.used:
            if way.session_id is not None:
                self._sessions.end(way.session_id)
            return None
        if not self._fits(way, form, thumbprint) or self._logins.state(way.login) != "pending":
            return None
        way.used.add(code)
        tokens = self._collect(way.login)
        way.session_id = tokens["session_id"]
        return tokens

    def _fits(self, way: _Way, form: dict[str, str], thumbprint: str) -> bool:
        verifier = form.get("code_verifier", "")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return (
            self._time.now() < way.codes[form["code"]]
            and _VERIFIER.fullmatch(verifier) is not None
            and digest == way.challenge
            and form.get("redirect_uri") == way.redirect_uri
            and (form.get("client_id"), thumbprint) == (way.login.client_id, way.login.thumbprint)
        )
