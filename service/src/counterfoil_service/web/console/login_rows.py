# SPDX-License-Identifier: Apache-2.0
"""A login as the console shows it in a row: with its mail in words, and how its person is named in URLs."""

import msgspec

from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.login_mail_words import MailStanding, mail_standing
from counterfoil_service.db.login_pages import LoginRow


class ShownLogin(msgspec.Struct, frozen=True):
    """`person` stands below `/console/people/`."""

    row: LoginRow
    mail: MailStanding
    person: str

    def __repr__(self) -> str:
        return f"ShownLogin(row={self.row!r})"


def shown_login(row: LoginRow) -> ShownLogin:
    """What is said of it."""
    mail = row.mail
    standing = mail_standing(
        state=None if mail is None else mail.state,
        attempts=0 if mail is None else mail.attempts,
        delivery=None if mail is None else mail.delivery,
        decoy=bool(row.decoy),
        held_back=row.held_back,
    )
    return ShownLogin(row, standing, row.subject or base64url(row.mailbox))
