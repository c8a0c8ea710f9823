# SPDX-License-Identifier: Apache-2.0
"""Tokens of operators: full of entropy, known by their prefix, shown by no repr."""

import os

from counterfoil_service.core.operator import Operator, OperatorToken, is_token, make_token


def test_a_token_is_256_bits_behind_its_prefix() -> None:
    assert make_token(bytes) == "cfo_" + "A" * 43
    assert len({make_token(os.urandom) for _ in range(50)}) == 50
    assert all(is_token(make_token(os.urandom)) for _ in range(50))


def test_what_cannot_be_a_token_is_none() -> None:
    for text in ("", "cfo_", "A" * 47, "cfo_" + "A" * 42, "cfo_" + "A" * 44, "cfo_" + "é" * 43, "CFO_" + "A" * 43):
        assert not is_token(text)


def test_no_repr_shows_an_address_or_a_hash() -> None:
    operator = Operator("01X", b"mailbox", "grace@example.com", "auditor", 0)
    assert "grace" not in repr(operator)
    assert "mailbox" not in repr(operator)
    assert "hash" not in repr(OperatorToken("01Y", "01X", b"hash", 0))
