# SPDX-License-Identifier: Apache-2.0
"""How the service's log is written: text for people, or a JSON object a line for programs.

No line of ours holds a secret or a word of a caller's, which tests hold. Libraries write lines, too, and the texts of
their errors stand in tracebacks: what looks like a secret or an address is taken out before anything is written.
"""

import logging
import re
import time
from contextvars import ContextVar
from typing import Any, Final, Literal

import msgspec

Style = Literal["text", "json"]

request_in_hand: ContextVar[str | None] = ContextVar("request_in_hand", default=None)
"""The id of the request that is being answered; what is logged meanwhile carries it."""

FIELDS: Final = "counterfoil"
"""The attribute of a record with what JSON lines say in members of their own: `extra={FIELDS: {…}}`.

Whoever gives it answers for the whole line: it is of closed lists and figures, and is not looked through.
"""

TAKEN_OUT: Final = "[taken out]"
_SUSPECT = re.compile(
    r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*"  # addresses, and users of URLs
    r"|(?<=://)[^/\s@]+(?=@)"  # users and passwords of URLs
    r"|\beyJ[\w-]{8,}(?:\.[\w-]+){0,4}"  # tokens and proofs (RFC 7519)
    r"|\bwhsec_[\w+/=-]+"
    r"|(?<![\w-])(?=[\w-]*(?:\d|[a-z][A-Z]))[\w-]{40,}"  # 256 bits in base64url, hex and more; names of ours are none
    r"|\b[BCDFGHJKLMNPQRSTVWXZ]{3}-[BCDFGHJKLMNPQRSTVWXZ]{3}\b"  # what is typed from a desktop
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


def set_up(style: Style) -> None:
    """Write everything from INFO on to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if style == "json" else TextLines(_TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def scrubbed(text: str) -> str:
    """Without what may be secret or personal."""
    return _SUSPECT.sub(TAKEN_OUT, text)


class TextLines(logging.Formatter):
    """A line for people; a traceback has further ones."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's own name
        """Without control characters: nobody else's text begins a line."""
        identity = request_in_hand.get()
        line = super().formatMessage(record)
        if FIELDS not in record.__dict__:
            line = _CONTROL.sub(" ", line)
        return line if identity is None else f"{line} [{identity}]"

    def format(self, record: logging.LogRecord) -> str:
        """As the library does, scrubbed."""
        text = super().format(record)
        return text if FIELDS in record.__dict__ else scrubbed(text)


class JsonLines(logging.Formatter):
    """`time` (RFC 3339, UTC), `level`, `logger`, `message`; where there are any `request`, `exception` and fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One object, on one line."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = record.__dict__.get(FIELDS)
        line["message"] = record.getMessage() if fields else scrubbed(record.getMessage())
        identity = request_in_hand.get()
        if identity is not None:
            line["request"] = identity
        if record.exc_info:
            line["exception"] = scrubbed(self.formatException(record.exc_info))
        line |= fields or {}
        # JSON escapes what begins a line, but for what only Unicode takes for its end.
        return _CONTROL.sub(" ", msgspec.json.encode(line).decode())
