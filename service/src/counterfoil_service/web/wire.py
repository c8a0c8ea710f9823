# SPDX-License-Identifier: Apache-2.0
"""The JSON that leaves the service (protocol.md §2-§6)."""

from datetime import UTC, datetime

import msgspec

from counterfoil_service.core.login import SECOND


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


class UserInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The person behind an access token; the address with the scope `email` alone."""

    sub: str
    persistent_id: str
    email: str | None = None
    email_verified: bool | None = None


class OwnSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its person sees it; times in RFC 3339."""

    id: str
    client_id: str
    application: str | None
    device_label: str | None
    created_at: str
    last_used_at: str
    expires_at: str
    auth_time: str
    current: bool


class OwnDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device as its person sees it; `state` is known or waiting."""

    id: str
    client_id: str
    label: str | None
    state: str
    first_seen_at: str
    last_seen_at: str
    current: bool


class OAuthError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 6749 §5.2; `instance` is the request id, `reason` tells denied from locked, `tries_left` is of mail codes."""

    error: str
    error_description: str
    instance: str
    reason: str | None = None
    tries_left: int | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 §3, with the OAuth members beside it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    error_description: str


def moment(microseconds: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(microseconds / SECOND, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
