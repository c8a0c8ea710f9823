# SPDX-License-Identifier: Apache-2.0
"""`/console/audit/entries/{index}`: one place of the log, its proof to take along, and the proof computed in place."""

import msgspec
from litestar import Response, get, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from counterfoil_service.core.canonical_json import LARGEST
from counterfoil_service.core.checkpoint import base64_text, parse_decimal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.merkle import leaf_hash
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.operations.describe_entry import EntryView, describe_entry
from counterfoil_service.operations.log_key import log_key
from counterfoil_service.web.console.access import Visitor, admit
from counterfoil_service.web.console.audit import AUDIT_SECTION
from counterfoil_service.web.console.audit_access import read_as_staff
from counterfoil_service.web.console.audit_facts import Fact, facts_of, personal_of
from counterfoil_service.web.console.audit_proof import Verification, verify_proof
from counterfoil_service.web.console.audit_rows import AuditRow, meaning_of, plain, row_of
from counterfoil_service.web.console.frame import ConsolePage, show
from counterfoil_service.web.services import AnyRequest, services_of

_READ = [HttpMethod.GET, HttpMethod.HEAD]


class Said(msgspec.Struct, frozen=True):
    """What an event says; `meaning` may be empty, `personal` is None where it was erased."""

    row: AuditRow
    meaning: str
    facts: list[Fact]
    personal: list[Fact] | None

    def __repr__(self) -> str:
        return f"Said(row={self.row!r})"


class EntryPage(ConsolePage, frozen=True, kw_only=True):
    """`doubts` are what is wrong with the place, in words; empty where all fits."""

    template = "audit_entry.html"
    section = AUDIT_SECTION
    index: int
    view: EntryView
    said: Said | None
    leaf_text: str
    leaf_base64: str
    verification: Verification | None
    doubts: list[str]
    pruned: bool
    vkey: str


@route("/audit/entries/{index:str}", http_method=_READ)
async def show_entry(request: AnyRequest, index: FromPath[str]) -> Response[str]:
    """What stands there, and what was computed of it just now."""
    visitor, place, view = await _looked_up(request, index)
    services = services_of(request)
    vkey = log_key(services.keys, services.settings).vkey
    data = view.entry.data if view.entry is not None else None
    # Of an entry that was pruned the hash that is kept still has its proof.
    leaf = view.kept if data is None else leaf_hash(data)
    verification = None
    if view.proof is not None and leaf is not None:
        verification = verify_proof(leaf, view.proof, vkey, services.settings.audit_witnesses)
    page = EntryPage(
        title=f"Entry {place}",
        index=place,
        view=view,
        said=None if view.event is None else _said(view.event, view),
        leaf_text="" if data is None else plain(data.decode()),
        leaf_base64="" if data is None else base64_text(data),
        verification=verification,
        doubts=_doubts(place, view, verification),
        pruned=view.entry is None and place < view.pruned_below,
        vkey=vkey,
    )
    return await show(request, visitor, page)


@get("/audit/entries/{index:str}/proof")
async def download_proof(request: AnyRequest, index: FromPath[str]) -> Response[bytes]:
    """A `c2sp.org/tlog-proof@v1` against the newest checkpoint [R129]: hashes, which say nothing of any event."""
    await admit(request)
    place = _place(index)
    proof = (await _view(request, place)).proof
    if proof is None:
        raise Refusal(ErrorCode.NOT_FOUND, "No checkpoint covers an entry of this number: they count from 0.")
    return _file(proof.text().encode(), f"entry-{place}.tlog-proof", "text/plain; charset=utf-8")


@get("/audit/entries/{index:str}/leaf")
async def download_leaf(request: AnyRequest, index: FromPath[str]) -> Response[bytes]:
    """The bytes that were hashed, and not one more."""
    _, place, view = await _looked_up(request, index)
    if view.entry is None or view.entry.data is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no leaf at this place: its page says why.")
    return _file(view.entry.data, f"entry-{place}.json", "application/json")


async def _looked_up(request: AnyRequest, index: str) -> tuple[Visitor, int, EntryView]:
    """The place, once it is recorded who looks at it; a Refusal for one that the log has not reached."""
    visitor = await admit(request)
    place = _place(index)
    await read_as_staff(request, visitor, "entries", from_index=place)
    view = await _view(request, place)
    if place > view.last_index and view.kept is None:
        raise Refusal(
            ErrorCode.NOT_FOUND,
            "The log has no entry of this number (yet): events get theirs within seconds, from 0 on.",
        )
    return visitor, place, view


async def _view(request: AnyRequest, place: int) -> EntryView:
    services = services_of(request)
    return await services.database.read(describe_entry, services.keys.seal_mailbox, place)


def _place(text: str) -> int:
    try:
        place = parse_decimal(text)
    except ValueError:
        place = LARGEST
    if place >= LARGEST:
        raise Refusal(ErrorCode.NOT_FOUND, "Entries have numbers, from 0 on.")
    return place


def _said(stored: StoredEvent, view: EntryView) -> Said:
    return Said(
        row=row_of(stored, view.staff),
        meaning=meaning_of(stored.event.name),
        facts=facts_of(stored, view.staff, view.application),
        personal=personal_of(stored),
    )


def _doubts(place: int, view: EntryView, verification: Verification | None) -> list[str]:
    """Every one, the gravest first."""
    found = list[str]()
    if view.entry is None and place >= view.pruned_below:
        found.append("There is no entry at this place any more, and no event says that it was pruned: it was deleted.")
    if view.entry is not None and view.entry.leaf is None:
        found.append("What stands at this place is no leaf of this log: somebody changed the row.")
    elif verification is not None and view.entry is not None and verification.leaf != view.kept:
        found.append("The entry has not the hash that is kept of it: the entry, or the kept hash, was changed.")
    if verification is not None and verification.checkpoint is None:
        found.append("The newest checkpoint is not signed by this log's key.")
    elif verification is not None and not verification.holds:
        found.append("The entry and its path do not come to the root that was signed.")
    if verification is None and view.checkpoint is not None and place < view.checkpoint.size:
        found.append("The hashes that are kept of the log give no proof for this place: some were changed or deleted.")
    return found


def _file(content: bytes, name: str, media_type: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
