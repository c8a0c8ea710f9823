# SPDX-License-Identifier: Apache-2.0
"""The log as files: checkpoints, tiles and entries as C2SP tlog-tiles lays them out, and single proofs [R128, R129]."""

from litestar import Response, get
from litestar.params import FromPath

from counterfoil_service.core.canonical_json import LARGEST
from counterfoil_service.core.checkpoint import parse_decimal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.merkle import HASH_BYTES
from counterfoil_service.core.tile_files import entry_bundle, parse_tile_path
from counterfoil_service.core.tiles import WIDTH
from counterfoil_service.db import log
from counterfoil_service.operations.cosigned_checkpoint import newest_checkpoint
from counterfoil_service.operations.prove_inclusion import prove_inclusion
from counterfoil_service.web.audit_api.access import check_auditor, read_as_auditor
from counterfoil_service.web.services import AnyRequest, services_of

_TEXT = "text/plain"
_FOR_GOOD = "private, max-age=31536000, immutable"


@get(["/log/checkpoint", "/audit/checkpoint"])
async def show_checkpoint(request: AnyRequest) -> Response[bytes]:
    """The newest signed note, with the lines of the witnesses that have cosigned it."""
    await check_auditor(request)
    note = await services_of(request).database.read(newest_checkpoint)
    if note is None:
        raise Refusal(ErrorCode.NOT_FOUND, "The log is empty: nothing was signed yet.")
    return Response(note.encode(), media_type=_TEXT)


@get("/audit/proof/{index:str}")
async def show_proof(request: AnyRequest, index: FromPath[str]) -> Response[bytes]:
    """One entry's `c2sp.org/tlog-proof@v1`, against the newest checkpoint; entries count from 0."""
    await check_auditor(request)
    try:
        proof = await services_of(request).database.read(prove_inclusion, parse_decimal(index))
    except ValueError:
        proof = None
    if proof is None:
        raise Refusal(ErrorCode.NOT_FOUND, "No checkpoint covers an entry of this number: they count from 0.")
    return Response(proof.text().encode(), media_type=_TEXT)


@get("/log/tile/{path:path}")
async def show_tile(request: AnyRequest, path: FromPath[str]) -> Response[bytes]:
    """A tile of hashes, or a bundle of entries: `tile/LEVEL/N[.p/W]`, `tile/entries/N[.p/W]`."""
    await check_auditor(request)
    try:
        level, index, width = parse_tile_path(f"tile/{path.lstrip('/')}")
    except ValueError as error:
        raise Refusal(ErrorCode.NOT_FOUND, f"{error}: see C2SP tlog-tiles for their names") from None
    content = await (_entries(request, index, width) if level is None else _hashes(request, level, index, width))
    # Entries may be pruned one day, and then no cache of ours should have them.
    headers = {"Cache-Control": _FOR_GOOD} if level is not None and width == WIDTH else {}
    return Response(content, media_type="application/octet-stream", headers=headers)


async def _hashes(request: AnyRequest, level: int, index: int, width: int) -> bytes:
    content = await services_of(request).database.read(log.tile, level, index)
    if len(content) < width * HASH_BYTES:
        raise _not_there()
    return content[: width * HASH_BYTES]


async def _entries(request: AnyRequest, bundle: int, width: int) -> bytes:
    """What somebody may read in: recorded, as every reading of events is."""
    first = bundle * WIDTH
    if first > LARGEST:
        raise _not_there()
    await read_as_auditor(request, "entries", from_index=first)
    found = await services_of(request).database.read(log.entries, first, width)
    leaves = [entry.data for entry in found if entry.data is not None]
    if len(leaves) < width or found[-1].index != first + width - 1:
        raise _not_there()
    return entry_bundle(leaves)


def _not_there() -> Refusal:
    return Refusal(ErrorCode.NOT_FOUND, "The log has not grown so far, or its beginning was pruned.")
