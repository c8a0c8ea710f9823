# SPDX-License-Identifier: Apache-2.0
"""`python -m counterfoil_client`: a sign-in in a terminal, for people who try things and for programs that watch.

With `--json` each event is one object on one line of standard output. Tokens are never printed.

`python -m counterfoil_client fingerprint` shows what is read of this machine, and sends nothing.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from counterfoil_client._fingerprint.collect import collect
from counterfoil_client._fingerprint.profile import ATTRIBUTES
from counterfoil_client.client import Client, PendingLogin
from counterfoil_client.errors import CounterfoilError, LoginCancelled, WrongCode
from counterfoil_client.session import Progress, Session
from counterfoil_client.stores import FileStore, MemoryStore

_APPLICATIONS = ("app", "key_storage")
"""What a fingerprint has besides: the application's version and where its key lies, which no machine knows."""


class Reporter(Protocol):
    """Tells what happens, in words or in JSON."""

    def started(self, login: PendingLogin) -> None:
        """The mail is on its way."""

    def progress(self, progress: Progress) -> None:
        """Still waiting."""

    def wrong_code(self, error: WrongCode) -> None:
        """The digits of the mail are others."""

    def signed_in(self, login: PendingLogin, session: Session) -> None:
        """Done."""

    def failed(self, error: CounterfoilError) -> None:
        """It will not come to a session."""


class Words:
    """For a person at a terminal."""

    def __init__(self) -> None:
        self._last = "waiting"

    def started(self, login: PendingLogin) -> None:
        """Show the code."""
        _print(f"Check your mail and open the link. Your code is:\n\n    {login.user_code}\n")
        _print(f"Waiting until {login.expires_at.astimezone():%H:%M:%S}. Press Ctrl-C to cancel.")

    def progress(self, progress: Progress) -> None:
        """Mention trouble once when it begins and once when it is over."""
        if progress.state != self._last:
            told = {"unreachable": "The service does not answer; trying again.", "slowed_down": "Waiting more slowly."}
            _print(told.get(progress.state, "Waiting again."))
        self._last = progress.state

    def wrong_code(self, error: WrongCode) -> None:
        """Say what to type."""
        self.failed(error)

    def signed_in(self, login: PendingLogin, session: Session) -> None:
        """Say who is signed in."""
        del login
        _print(f"Signed in as {session.subject}.")

    def failed(self, error: CounterfoilError) -> None:
        """Say why, and what to do."""
        print(f"{error}\n{error.hint}", file=sys.stderr, flush=True)  # noqa: T201 - this is a command


class JsonLines:
    """For a program that reads standard output."""

    def started(self, login: PendingLogin) -> None:
        """Give what the person must see."""
        _event("started", user_code=login.user_code, login_id=login.login_id, expires_at=_rfc3339(login.expires_at))

    def progress(self, progress: Progress) -> None:
        """Give the step as it is."""
        _event(
            "progress",
            state=progress.state,
            attempt=progress.attempt,
            retry_in=round(progress.retry_in, 3),
            seconds_left=round(progress.seconds_left, 3),
        )

    def wrong_code(self, error: WrongCode) -> None:
        """Give the tries that are left, if the service said so."""
        _event("wrong_code", tries_left=error.tries_left, message=str(error), hint=error.hint)

    def signed_in(self, login: PendingLogin, session: Session) -> None:
        """Give public references, no token."""
        _event("signed_in", subject=session.subject, session_id=session.session_id, login_id=login.login_id)

    def failed(self, error: CounterfoilError) -> None:
        """Give the type of the error and its hint."""
        _event("failed", error=type(error).__name__, message=str(error), hint=error.hint)


def main(arguments: Sequence[str] | None = None, client: Client | None = None) -> int:
    """Sign in; return the exit status: 0 with a session, 1 without."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["fingerprint"]:
        return _show_fingerprint(given[1:])
    options = _parser().parse_args(given)
    report: Reporter = JsonLines() if options.json else Words()
    try:
        email = options.email or _ask("E-mail address: ")
        with (
            client or _client(options) as opened,
            opened.start_login(email, device_label=options.device_label) as login,
        ):
            report.started(login)
            if options.mail_code:
                _submit_code(login, report)
            report.signed_in(login, login.wait(on_progress=report.progress))
    except CounterfoilError as error:
        report.failed(error)
    except (KeyboardInterrupt, EOFError):
        report.failed(LoginCancelled())
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m counterfoil_client",
        description="Sign in by a mailed link. `fingerprint` as the only word shows what is read of this machine.",
    )
    parser.add_argument("--issuer", required=True, metavar="URL", help="address of the service")
    parser.add_argument("--client-id", required=True, metavar="ID", help="this application's id at the service")
    parser.add_argument("--email", metavar="ADDRESS", help="where the link goes; asked for if missing")
    parser.add_argument("--device-label", metavar="TEXT", help="name of this device (default: the host name)")
    parser.add_argument("--mail-code", action="store_true", help="ask for the eight digits that the mail carries")
    parser.add_argument("--ephemeral-key", action="store_true", help="make a device key that ends with this command")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    return parser


def _show_fingerprint(arguments: Sequence[str]) -> int:
    """Print the raw values, here alone: a service gets keyed digests of them."""
    parser = argparse.ArgumentParser(
        prog="python -m counterfoil_client fingerprint",
        description="Show what is read of this machine; nothing is sent.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    profile = collect()
    values: dict[str, str | None] = {name: getattr(profile, name) for name in ATTRIBUTES if name not in _APPLICATIONS}
    if options.json:
        _print(msgspec.json.encode(values).decode())
    else:
        _print("\n".join(f"{name:<13}{'-' if value is None else value}" for name, value in values.items()))
    return 0


def _client(options: argparse.Namespace) -> Client:
    store = MemoryStore() if options.ephemeral_key else FileStore()
    # The session ends with the command: nobody could use it or sign it out afterwards.
    return Client(options.issuer, options.client_id, store=store, sessions=MemoryStore())


def _submit_code(login: PendingLogin, report: Reporter) -> None:
    """Ask for the digits until they are right, or until an empty line says that the link is used instead."""
    while code := _ask("Digits of the mail (or nothing, to use its link): "):
        try:
            login.submit_code(code)
        except WrongCode as error:
            report.wrong_code(error)
        else:
            return


def _ask(question: str) -> str:
    """Ask on standard error, for standard output belongs to the events."""
    print(question, end="", file=sys.stderr, flush=True)  # noqa: T201 - this is a command
    return sys.stdin.readline().strip()


def _event(name: str, **more: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    _print(msgspec.json.encode({"event": name, **more}).decode())


def _rfc3339(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is a command


if __name__ == "__main__":
    # A closed terminal or a stopped parent cancels the login just as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
