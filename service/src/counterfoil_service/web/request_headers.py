# SPDX-License-Identifier: Apache-2.0
"""A request's headers, looked up where the server put them: nothing is made of all of them and kept."""

from counterfoil_service.web.services import AnyRequest


def headers_named(request: AnyRequest, name: bytes) -> list[str]:
    """Every value of one header, which is named in lower case."""
    return [value.decode("latin-1") for each, value in request.scope["headers"] if each == name]


def header_named(request: AnyRequest, name: bytes) -> str | None:
    """The first of them."""
    return next(iter(headers_named(request, name)), None)
