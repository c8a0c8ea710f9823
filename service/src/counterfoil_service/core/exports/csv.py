# SPDX-License-Identifier: Apache-2.0
"""Comma-separated values for a spreadsheet (RFC 4180), in which no cell is a formula (OWASP, "CSV Injection")."""

import json
import re
from typing import Final

import msgspec

from counterfoil_service.core.audit_event import PERSONAL_FIELDS
from counterfoil_service.core.exports.exported import ERASED, Exported, visible

PUBLIC: Final = (
    *("position", "id", "time", "type", "outcome", "reason", "login_id", "application_id"),
    *("session_id", "subject", "jkt", "fields"),
)
PERSONAL: Final = tuple(sorted(PERSONAL_FIELDS))
COLUMNS: Final = (*PUBLIC, "personal", *PERSONAL)
_BEGINS_A_FORMULA: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""The full-width forms among them: some programs take those for the narrow ones."""
_BEGINS_ANOTHER_CELL: Final = re.compile(rf""";(?=[\s'"]*[{re.escape("".join(_BEGINS_A_FORMULA))}])""")
"""Where a program that takes the semicolon for the comma would begin a cell, and a formula in it."""


def csv_header() -> str:
    """The names of the columns."""
    return ",".join(_quoted(name) for name in COLUMNS)


def csv_row(exported: Exported) -> str:
    """One event. `fields` is JSON; `personal` says "erased" where nobody can read it any more."""
    members: dict[str, object] = {"position": exported.position, **msgspec.to_builtins(exported.leaf)}
    members |= {"personal": ERASED} if exported.personal is None else dict(exported.personal)
    members["fields"] = json.dumps(exported.leaf.fields, sort_keys=True)
    return ",".join(_quoted(cell(str(members.get(name, "")), json_text=name == "fields")) for name in COLUMNS)


def cell(text: str, *, json_text: bool = False) -> str:
    """What a spreadsheet shows and never computes: a leading apostrophe makes text of what would be a formula.

    An apostrophe that was there gets another before it, so that taking one away gives the value, see `visible`. JSON
    is all ASCII and begins with a brace.
    """
    if json_text:
        return _BEGINS_ANOTHER_CELL.sub(r"\\u003b", text)
    shown = _BEGINS_ANOTHER_CELL.sub("%3B", visible(text))
    return f"'{shown}" if text.startswith(("'", *_BEGINS_A_FORMULA)) else shown


def _quoted(text: str) -> str:
    """Every cell: a comma, a quote or a blank in it means nothing then (RFC 4180 §2)."""
    return '"' + text.replace('"', '""') + '"'
