# SPDX-License-Identifier: Apache-2.0
"""Slow hashes for the secrets of confidential applications, which an operator may have chosen by hand.

Every other secret here has 256 random bits and needs SHA-256 alone. One hash takes some 90 ms and 64 MiB: callers run
it off the event loop, few at a time. argon2 takes 28 ms to import, so it is imported when first used.
"""


def hash_secret(secret: str) -> str:
    """The argon2id hash in PHC form (RFC 9106 §4, second recommended option: t=3, 64 MiB, p=4).

    The library draws the 16-byte salt itself, the one random value of the service that is not passed in.
    """
    from argon2 import PasswordHasher

    return PasswordHasher().hash(secret)


def verify_secret(encoded: str, secret: str) -> bool:
    """Whether `encoded` is a hash of `secret`. Never raises: a damaged or foreign hash fits no secret."""
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error

    try:
        return PasswordHasher().verify(encoded, secret)
    except (Argon2Error, ValueError):
        # ValueError: text that is no hash, and text that cannot be encoded.
        return False
