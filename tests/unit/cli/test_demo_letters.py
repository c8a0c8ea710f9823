# SPDX-License-Identifier: Apache-2.0
"""The demo's large letters."""

from counterfoil_service.cli.demo.letters import large
from counterfoil_service.core.user_code import ALPHABET


def test_every_letter_a_code_may_have_looks_different() -> None:
    assert len({"\n".join(large(letter)) for letter in ALPHABET}) == len(ALPHABET)


def test_a_code_fits_a_narrow_terminal() -> None:
    lines = large("WDJ-BMJ")
    assert len(lines) == 3
    assert {len(line) for line in lines} == {47}
