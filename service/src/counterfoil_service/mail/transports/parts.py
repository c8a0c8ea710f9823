# SPDX-License-Identifier: Apache-2.0
"""A message taken apart, for providers that take fields and put it together again."""

from email.message import EmailMessage
from typing import Final

# The provider writes these from its own fields, or from its own clock.
_THEIRS: Final = frozenset(
    {"from", "to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding"}
)


def text_of(message: EmailMessage) -> str:
    """The text part as it was rendered."""
    return _body(message, "plain")


def html_of(message: EmailMessage) -> str:
    """The HTML part as it was rendered."""
    return _body(message, "html")


def headers_of(message: EmailMessage) -> dict[str, str]:
    """All that a provider does not write itself: Message-ID, Auto-Submitted."""
    return {name: str(value) for name, value in message.items() if name.lower() not in _THEIRS}


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None  # noqa: S101 - every mail of ours has both
    content: str = part.get_content()
    return content
