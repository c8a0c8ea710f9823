# SPDX-License-Identifier: Apache-2.0
"""`counterfoil-attack` (`just attack`): try every attack of the threat model on a deployment, and say what held.

Without --url it starts a deployment of its own: two services on PostgreSQL behind nginx, whose mail it reads. With
--planted it starts builds of the service in which one guard is missing each, and says whether its attack finds it.
Ends with 1 where an attack succeeded, or failed by something that it does not understand.
"""

import argparse
import asyncio
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from attack.kit import own
from attack.kit.mailboxes import Folder, Mailboxes, Sink
from attack.kit.planted import show_planted, try_planted
from attack.kit.report import console, junit, passed, show
from attack.kit.run import run
from attack.kit.scan import Attack, attacks
from attack.kit.target import Target
from support.mailserver import MailServer

PROGRAM = "counterfoil-attack"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    options = _options().parse_args(arguments)
    out, chosen = console(), _chosen(options.row)
    with ExitStack() as stack:
        chromium = own.browser_in(stack)
        if options.planted:
            results = try_planted(chosen, chromium, options.only)
            show_planted(results, out)
            return int(not all(each.found for each in results))
        target = _given(options, stack, chromium) if options.url else stack.enter_context(own.pair(chromium))
        asyncio.run(_honest(target))
        with out.status("") as status:
            findings = asyncio.run(run(target, chosen, lambda each: status.update(f"{each.name}: {each.title}")))
    show(findings, out)
    if options.junit:
        junit(findings, options.junit)
    return int(not passed(findings))


async def _honest(target: Target) -> None:
    """A sign-in as it should be: where none works every guard would seem to hold."""
    try:
        await target.signed_in()
    except (AssertionError, httpx2.HTTPError) as error:
        sys.exit(f"{PROGRAM}: no honest sign-in works there, so no attack would mean anything: {error}")


def _chosen(rows: Sequence[str] | None) -> list[Attack]:
    every = attacks()
    if not rows:
        return every
    wanted = {row.upper() for row in rows}
    unknown = wanted - {each.row for each in every} - {each.name.upper() for each in every}
    if unknown:
        sys.exit(f"{PROGRAM}: no attack is called {', '.join(sorted(unknown))}")
    return [each for each in every if wanted & {each.row, each.name.upper()}]


def _given(options: argparse.Namespace, stack: ExitStack, chromium: own.OpenBrowser) -> Target:
    if options.client_id is None or (options.smtp is None) == (options.mail_folder is None):
        sys.exit(
            f"{PROGRAM}: --url needs --client-id, and one of --smtp and --mail-folder, where its mail is to be read"
        )
    target = Target(
        url=options.url.rstrip("/"),
        issuer=options.url.rstrip("/"),
        client_id=options.client_id,
        mailboxes=_mailboxes(options, stack),
        domain=options.domain,
        redirect_uri=options.redirect_uri,
        replicas=options.second_url or (),
        database_url=options.database_url,
        log_files=options.log_file or (),
        command=shlex.split(options.command) if options.command else None,
        hook_secret=options.hook_secret,
        browser=chromium,
        authority=options.ca,
        expendable=options.expendable,
        guesses=options.guesses,
    )
    target.issuer = asyncio.run(_issuer(target))
    return target


def _mailboxes(options: argparse.Namespace, stack: ExitStack) -> Mailboxes:
    if options.mail_folder:
        return Folder(options.mail_folder)
    host, _, port = options.smtp.rpartition(":")
    return Sink(stack.enter_context(MailServer(host or "127.0.0.1", int(port))))


async def _issuer(target: Target) -> str:
    """What the metadata says (RFC 8414 §3.1: the path stands behind the well-known part)."""
    parts = urlsplit(target.url)
    async with target.client(f"{parts.scheme}://{parts.netloc}") as client:
        answer = await client.get(f"/.well-known/oauth-authorization-server{parts.path}")
    return str(answer.json()["issuer"])


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    add = parser.add_argument
    add("--url", help="the deployment's PUBLIC_URL; without it one of our own is started")
    add("--client-id", help="a registered public application, with --dpop required")
    add("--redirect-uri", help="one that is registered for it")
    add("--smtp", metavar="HOST:PORT", help="listen here for the mail that the deployment sends")
    add("--mail-folder", type=Path, metavar="DIR", help="read it there: the folder of a file: transport")
    add("--domain", default="example.com", help="of the made-up mailboxes (example.com)")
    add("--second-url", action="append", help="another replica, asked directly; may be repeated")
    add("--database-url", help="what a leak of the database gives, and who may write to it")
    add("--log-file", action="append", type=Path, help="what the service prints; may be repeated")
    add("--command", help="how its `counterfoil` is run, such as 'ssh id.example counterfoil'")
    add("--hook-secret", metavar="whsec_…", help="of its MAIL_WEBHOOKS=hook=…, for altered and replayed reports")
    add("--expendable", action="store_true", help="its audit log may be spoilt for good")
    add("--guesses", type=int, default=6, help="logins at which codes are guessed (6; each is a mail)")
    add("--ca", type=Path, metavar="FILE", help="certificates to trust in place of the system's")
    add("--row", action="append", help="only this row (A7), or this attack by its file's name; may be repeated")
    add("--junit", type=Path, metavar="FILE", help="write the findings here, too")
    add("--planted", action="store_true", help="attack builds with a weakness planted in each: all must be found")
    add("--only", action="append", metavar="NAME", help="with --planted: only this build; may be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
