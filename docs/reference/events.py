# SPDX-License-Identifier: Apache-2.0
"""Write events.md from the catalogue of audit events: `python docs/reference/events.py`."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue import CATALOGUE, Entry
from counterfoil_service.core.leaf import leaf_bytes, leaf_of

PAGE = Path(__file__).parent / "events.md"
HEAD = """\
<!-- Written by `python docs/reference/events.py` from core/event_catalogue: change that, not this. -->
# Audit events

Every event is one leaf of the log: canonical JSON ([RFC 8785](https://www.rfc-editor.org/rfc/rfc8785)) with `v`, `id`,
`time`, `type` and `outcome`, and, where there are any, `reason`, `login_id`, `application_id`, `session_id`, `subject`,
`jkt` (the thumbprint of the device's key), `fields` and `sealed`. What is absent is left out; no member is null.

`fields` are public to everybody who may read the event and never personal. Personal fields are sealed together, under
a key of the mailbox that erasing the person destroys: the leaf holds the ciphertext alone. Operators and auditors may
read every event; “the person” below says which ones somebody may read about themselves.

OCSF counts 1 as Logon, 2 as Logoff, 6 as Preauth and 99 as something else; an **alert** is exported with a high
severity.
"""
_ACTIVITIES = {1: "1 Logon", 2: "2 Logoff", 6: "6 Preauth", 99: "99 Other"}
_EXAMPLE_TIME = 1_795_425_302_114_000
_EXAMPLE_ID = bytes(range(16))


def page(catalogue: "dict[EventName, Entry]") -> str:
    """The whole page."""
    ordered = sorted(catalogue.items(), key=lambda pair: list(EventName).index(pair[0]))
    parts = [HEAD]
    for noun, group in groupby(ordered, key=lambda pair: pair[0].value.partition(".")[0]):
        parts.append(f"\n## {noun}\n")
        parts.extend(_section(name, entry) for name, entry in group)
    return "".join(parts)


def _section(name: EventName, entry: Entry) -> str:
    lines = [f"\n### {name.value}\n{entry.purpose}\n\n"]
    lines += [f"- field `{each}`: {field.words}{_values(field.values)}\n" for each, field in entry.fields.items()]
    if entry.reasons or entry.open_reasons:
        codes = [f"`{reason}`" for reason in entry.reasons] + ([entry.open_reasons] if entry.open_reasons else [])
        lines.append(f"- reasons: {', '.join(codes)}\n")
    if entry.personal:
        lines.append(f"- sealed: {_code(sorted(entry.personal))}\n")
    lines.append(f"- read by: {', '.join(entry.seen_by)}\n")
    counts = "; counts as a failed sign-in" if entry.fails_logon else ""
    lines.append(f"- OCSF activity {_ACTIVITIES[entry.activity]}{counts}{'; **alert**' if entry.alert else ''}\n")
    sealed = b"\0" * 3 if entry.example.personal else None
    leaf = leaf_of(entry.example, event_id=_EXAMPLE_ID, time=_EXAMPLE_TIME, sealed=sealed)
    text = leaf_bytes(leaf).decode().replace('"sealed":"AAAA"', '"sealed":"…"')
    return "".join([*lines, f"\n```json\n{text}\n```\n"])


def _values(values: Iterable[str | int]) -> str:
    listed = _code(str(value) for value in values)
    return f" ({listed})" if listed else ""


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    PAGE.write_text(page(CATALOGUE), "utf-8")
