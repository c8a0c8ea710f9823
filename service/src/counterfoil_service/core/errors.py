# SPDX-License-Identifier: Apache-2.0
"""The one "no" of the house: a code from the standards, and a sentence that may be shown to anybody."""

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType


@unique
class ErrorCode(StrEnum):
    """Every code that leaves the service. Names come from OAuth (RFC 6749, 6750, 8628, 9449, 9470) where it has one."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - an error code
    INSUFFICIENT_SCOPE = "insufficient_scope"
    INSUFFICIENT_USER_AUTHENTICATION = "insufficient_user_authentication"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    LOGIN_REQUIRED = "login_required"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    CODE_MISMATCH = "code_mismatch"
    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    ACCESS_DENIED = "access_denied"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - an error code
    INVALID_DPOP_PROOF = "invalid_dpop_proof"
    USE_DPOP_NONCE = "use_dpop_nonce"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    SERVER_ERROR = "server_error"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TOO_LARGE = "request_too_large"


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A domain "no". `description` is public: it names the rule and the way out, never a secret.

    It is English; `template` is what is translated where people read it, with `words` in its places.
    `retry_after` is in whole seconds and goes out as the header of that name.
    """

    def __init__(
        self,
        code: ErrorCode,
        template: str,
        *,
        retry_after: int | None = None,
        words: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        description = template % words if words else template
        super().__init__(f"{code.value}: {description}")
        self.code = code
        self.description = description
        self.template = template
        self.words = words
        self.retry_after = retry_after
