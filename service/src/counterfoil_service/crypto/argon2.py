# SPDX-License-Identifier: Apache-2.0
"""Slow hashes for short secrets: those of confidential applications, which an operator may choose, and mail codes.

Every other secret here has 256 random bits and needs SHA-256 alone. One hash takes some 90 ms and 64 MiB: callers run
it off the event loop, few at a time. argon2 takes 28 ms to import, so it is imported when first used.
"""

from counterfoil_service.core.argon2_cost import DEFAULT, Argon2Cost


def hash_secret(secret: str, cost: Argon2Cost = DEFAULT) -> str:
    """The argon2id hash in PHC form (RFC 9106 §4).

    The library draws the 16-byte salt itself, the one random value of the service that is not passed in.
    """
    from argon2 import PasswordHasher

    return PasswordHasher(cost.passes, cost.mebibytes * 1024, cost.lanes).hash(secret)


def verify_secret(encoded: str, secret: str) -> bool:
    """Whether `encoded` is a hash of `secret`. Never raises: a damaged or foreign hash fits no secret."""
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error

    try:
        return PasswordHasher().verify(encoded, secret)
    except (Argon2Error, ValueError):
        # ValueError: text that is no hash, and text that cannot be encoded.
        return False
