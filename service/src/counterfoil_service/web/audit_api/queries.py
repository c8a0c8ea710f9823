# SPDX-License-Identifier: Apache-2.0
"""What an auditor asks for, read from the query string: a filter that is misspelt must not widen what is found."""

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from counterfoil_service.core.address_range import coarse_range
from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.checkpoint import parse_decimal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.event_filter import MAX_TIME, Cursor, EventFilter
from counterfoil_service.core.identifiers import is_subject, is_ulid
from counterfoil_service.web.services import AnyRequest

MAX_PAGE: Final = 1000
_PAGE: Final = 100
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_LOCAL_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?")
"""What a browser's field for a date and a time sends (HTML, "local date and time"): without a zone."""
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,256}")
_UNTOLD: Final = ("source", "application_id")
"""Names whose values no record holds: the one is an address, and the other may be any text."""

T = TypeVar("T")


class Query(msgspec.Struct, frozen=True):
    """One page's worth; `told` is what the record of this reading says of it."""

    wanted: EventFilter
    after: Cursor | None
    limit: int
    told: str


class Parameters:
    """The query string, each name once and all of them known."""

    def __init__(self, request: AnyRequest, known: tuple[str, ...]) -> None:
        pairs = list(request.query_params.multi_items())
        self._values = dict(pairs)
        if len(self._values) != len(pairs):
            raise _wrong("each parameter may come once")
        for name in self._values.keys() - set(known):
            close = difflib.get_close_matches(name, known, 1)
            raise _wrong(
                f"a parameter is unknown{f': did you mean {close[0]}?' if close else ''}; known are {', '.join(known)}"
            )

    def read(self, name: str, parse: Callable[[str], T]) -> T | None:
        """The parsed value, or None where it is absent or empty."""
        text = self._values.get(name)
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as error:
            raise _wrong(f"{name}: {error}") from None

    def given(self) -> dict[str, str]:
        """Every parameter that has a value."""
        return {name: value for name, value in self._values.items() if value}


def read_query(request: AnyRequest) -> Query:
    """Every part, or a Refusal that names the parameter and what it takes."""
    parameters = Parameters(request, (*FILTERS, "cursor", "limit"))
    wanted = filter_of({name: parameters.read(name, parse) for name, parse in FILTERS.items()})
    return Query(
        wanted,
        parameters.read("cursor", Cursor.parse),
        parameters.read("limit", _limit) or _PAGE,
        told(parameters.given()),
    )


def filter_of(values: Mapping[str, Any]) -> EventFilter:
    """The filter of values that their readers in `FILTERS` gave, None for what was not asked."""
    until = values["until"]
    return EventFilter(
        since=values["since"] or 0,
        until=MAX_TIME if until is None else until,
        source_prefix=values["source"],
        **{name: values[name] for name in FILTERS if name not in {"since", "until", "source"}},
    )


def told(given: Mapping[str, str]) -> str:
    """What the record of a reading says of filters that have been read: no address, and no text of somebody's own."""
    parts = [name if name in _UNTOLD else f"{name}={value}" for name, value in given.items() if name in FILTERS]
    return "&".join(sorted(parts))


def local_moment(text: str) -> int:
    """A time from a form in a browser: with its zone, or without one in UTC."""
    if _LOCAL_MOMENT.fullmatch(text):
        return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)
    return _moment(text)


def _moment(text: str) -> int:
    if not _MOMENT.fullmatch(text):
        raise ValueError("give a time as RFC 3339 has it, such as 2026-11-20T09:15:02Z")
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def _of(fits: Callable[[str], object]) -> Callable[[str], str]:
    """A reader of what has this shape: an address in its place would get into the record for good [R132]."""

    def parse(text: str) -> str:
        if not fits(text):
            raise ValueError("give the value as events show it")
        return text

    return parse


def _event_name(text: str) -> str:
    if text not in set(EventName):
        close = difflib.get_close_matches(text, list(EventName), 1)
        raise ValueError(f"no event has this name{f': did you mean {close[0]}?' if close else ''}")
    return text


def _outcome(text: str) -> str:
    if text not in {"success", "failure"}:
        raise ValueError("success or failure")
    return text


def _limit(text: str) -> int:
    number = parse_decimal(text)
    if not 1 <= number <= MAX_PAGE:
        raise ValueError(f"1 to {MAX_PAGE}")
    return number


FILTERS: Final[Mapping[str, Callable[[str], object]]] = {
    "since": _moment,
    "until": _moment,
    "login_id": _of(is_ulid),
    "subject": _of(is_subject),
    "application_id": _of(_VISIBLE.fullmatch),
    "jkt": _of(_THUMBPRINT.fullmatch),
    "name": _event_name,
    "outcome": _outcome,
    "source": coarse_range,
}
"""Every filter and its reader, which raises `ValueError` with what it takes."""


def _wrong(description: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_REQUEST, description)
