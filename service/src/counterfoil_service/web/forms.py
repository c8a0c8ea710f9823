# SPDX-License-Identifier: Apache-2.0
"""Read `application/x-www-form-urlencoded` bodies strictly: what is ambiguous is refused, not guessed."""

from urllib.parse import unquote_plus

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.bodies import read_body
from counterfoil_service.web.request_headers import header_named
from counterfoil_service.web.services import AnyRequest

CONTENT_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 64


class Form:
    """The fields of one request. Empty ones are absent, unknown ones are nobody's business (RFC 6749 §3.1)."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self._fields)})"

    def get(self, name: str, *, at_most: int = 1024) -> str | None:
        """A field, None when absent; a Refusal when longer than `at_most` characters."""
        value = self._fields.get(name) or None
        if value is not None and len(value) > at_most:
            raise Refusal(ErrorCode.INVALID_REQUEST, f"{name}: at most {at_most} characters")
        return value

    def required(self, name: str, *, at_most: int = 1024) -> str:
        """A field that must be there."""
        value = self.get(name, at_most=at_most)
        if value is None:
            raise Refusal(ErrorCode.INVALID_REQUEST, f"{name}: this field is required")
        return value


async def read_form(request: AnyRequest) -> Form:
    """The body's fields; a Refusal names what is wrong with them."""
    content_type = (header_named(request, b"content-type") or "").partition(";")[0].strip().lower()
    if content_type != CONTENT_TYPE:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"the body must be {CONTENT_TYPE}")
    return parse_form(await read_body(request))


def parse_form(body: bytes) -> Form:
    """The same over bytes."""
    try:
        text = body.decode("ascii")
        if text.count("&") >= MAX_FIELDS:
            raise ValueError  # noqa: TRY301 - one way out
        pairs = [(_read(name), _read(value)) for name, _, value in (part.partition("=") for part in text.split("&"))]
    except ValueError:  # UnicodeDecodeError is one
        raise Refusal(
            ErrorCode.INVALID_REQUEST, f"the body must be {CONTENT_TYPE} in UTF-8, {MAX_FIELDS} fields at most"
        ) from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if not name and not value:
            continue
        if name in fields:
            raise Refusal(ErrorCode.INVALID_REQUEST, "the body repeats a field; each may occur once (RFC 6749, 3.2)")
        if "\0" in name or "\0" in value:
            raise Refusal(ErrorCode.INVALID_REQUEST, "the body holds a NUL character")
        fields[name] = value
    return Form(fields)


def _read(text: str) -> str:
    """Most texts have nothing to undo."""
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text
