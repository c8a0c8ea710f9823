# SPDX-License-Identifier: Apache-2.0
"""The JSON that leaves the OAuth endpoints (protocol.md §2-§4)."""

import msgspec


class DeviceAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 8628 §3.2 with the profile's extensions; never `verification_uri_complete` [R6]."""

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int
    poll_wait_max: int
    login_id: str


class Tokens(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 6749 §5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    session_id: str
    sub: str
    refresh_token: str | None = None


class OAuthError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 6749 §5.2; `instance` is the request id, `reason` tells denied from locked."""

    error: str
    error_description: str
    instance: str
    reason: str | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 §3, with the OAuth members beside it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    error_description: str
