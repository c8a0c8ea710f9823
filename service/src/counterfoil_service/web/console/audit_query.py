# SPDX-License-Identifier: Apache-2.0
"""What the audit page is asked for: the API's filters as they stand in its address, and what is wrong with them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import urlencode

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.event_filter import Cursor, EventFilter
from counterfoil_service.core.timeline import SECOND
from counterfoil_service.web.audit_api.queries import FILTERS, Parameters, filter_of, local_moment, told
from counterfoil_service.web.console.done import as_sentence
from counterfoil_service.web.services import AnyRequest

_READERS: Final = {**FILTERS, "since": local_moment, "until": local_moment}
_TIMES: Final = ("since", "until")
_LAST_SECOND: Final = 253_402_300_799


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`typed` is what has a value, as it came, but of an address its range alone.

    With `errors`, by field, there is no filter to look by.
    """

    typed: Mapping[str, str]
    errors: Mapping[str, str]
    wanted: EventFilter
    after: Cursor | None = None

    def __repr__(self) -> str:
        # An address may be among what was typed.
        return f"AuditQuery({sorted(self.typed)})"

    @classmethod
    def of(cls, request: AnyRequest, *others: str) -> Self:
        """Of a request whose address may hold `others`, too; a Refusal for what is no filter at all."""
        return cls.read(Parameters(request, (*FILTERS, "cursor", *others)).given())

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Of parameters by their names; what is neither a filter nor a cursor is passed over."""
        typed = {name: given[name] for name in FILTERS if name in given}
        values, errors = dict[str, Any].fromkeys(FILTERS), dict[str, str]()
        for name, text in typed.items():
            try:
                values[name] = _READERS[name](text)
            except ValueError as error:
                errors[name] = as_sentence(str(error))
        if values["source"] is not None:
            # Of an address the range alone goes on into links, which browsers and proxies keep.
            typed["source"] = values["source"]
        wanted = EventFilter() if errors else filter_of(values)
        if "since" in typed and wanted.since >= wanted.until:
            errors["until"] = "This is not after From: nothing can lie between."
        try:
            after = Cursor.parse(given["cursor"]) if "cursor" in given else None
        except ValueError:
            raise Refusal(ErrorCode.INVALID_REQUEST, "cursor: follow the link at the end of the page before") from None
        return cls(typed=typed, errors=errors, wanted=wanted, after=after)

    @property
    def told(self) -> str:
        """What the log is told of it."""
        return told(self.typed)

    @property
    def newest(self) -> bool:
        """Whether what happens now may belong to this page."""
        return not self.errors and self.after is None and "until" not in self.typed

    def link(self, **changes: str | None) -> str:
        """The query string of these filters with some changed; None leaves one out. Empty, or begins with `?`."""
        values = {name: value for name, value in {**self.typed, **changes}.items() if value}
        return f"?{urlencode(values)}" if values else ""

    def field(self, name: str) -> str:
        """What stands in a field of the form: times as a browser's own field has them, where it can show them."""
        text = self.typed.get(name, "")
        return _local(local_moment(text)) if self.kind(name) != "text" and text else text

    def kind(self, name: str) -> str:
        """The field's type: a browser's field for times would lose what it cannot read."""
        if name not in _TIMES:
            return "text"
        fits = name not in self.errors and local_moment(self.typed.get(name) or "1970-01-01T00:00") % SECOND == 0
        return "datetime-local" if fits else "text"


def utc(microseconds: int) -> str:
    """A time for an address, to the second: `2026-11-20T09:15:02Z`."""
    return f"{_local(microseconds)}Z"


def moment(microseconds: int) -> datetime:
    """A time, to the second; the last one of the year 9999 for whatever is later."""
    return datetime.fromtimestamp(min(microseconds // SECOND, _LAST_SECOND), UTC)


def _local(microseconds: int) -> str:
    """As a browser's field for a date and a time has it."""
    return moment(microseconds).replace(tzinfo=None).isoformat()
