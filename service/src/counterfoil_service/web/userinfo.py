# SPDX-License-Identifier: Apache-2.0
"""What an application may know of the person who signed in (protocol.md §6)."""

import msgspec
from litestar import Response
from litestar.enums import HttpMethod

from counterfoil_service.core import email_address
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.crypto.keys import keyed
from counterfoil_service.web.challenges import USERINFO_PATH
from counterfoil_service.web.endpoints import endpoint
from counterfoil_service.web.resources import holder_of
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.wire import UserInfo


@endpoint(USERINFO_PATH, HttpMethod.GET, HttpMethod.HEAD)
async def userinfo(request: AnyRequest) -> Response[bytes]:
    """The subject; with the scope `email`, the address too.

    `persistent_id` is the same for one mailbox at every application, even after its user was erased and made anew.
    """
    holder = await holder_of(request, USERINFO_PATH)
    may_know = "email" in holder.scope
    canonical = email_address.parse(holder.user.address).canonical
    answer = UserInfo(
        sub=holder.user.id,
        persistent_id=base64url(keyed(services_of(request).keys.persistent_id, canonical.encode())),
        email=holder.user.address if may_know else None,
        email_verified=holder.user.verified_at is not None if may_know else None,
    )
    return Response(msgspec.json.encode(answer), media_type="application/json")
