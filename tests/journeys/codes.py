# SPDX-License-Identifier: Apache-2.0
"""Codes that strangers and scanners type."""

import random

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"


def random_code() -> str:
    """Six letters of the alphabet."""
    return "".join(random.choices(ALPHABET, k=6))


def wrong_code(right: str) -> str:
    """A well-formed code that is not this one."""
    code = random_code()
    return code if code != right.replace("-", "") else wrong_code(right)
