# SPDX-License-Identifier: Apache-2.0
"""A client secret is hashed slowly, and no damaged hash lets anybody in."""

import subprocess
import sys

import pytest

from counterfoil_service.crypto.argon2 import hash_secret, verify_secret


@pytest.fixture(scope="module")
def encoded() -> str:
    return hash_secret("correct horse")


def test_the_right_secret_is_accepted_and_the_hash_names_its_cost(encoded: str) -> None:
    assert verify_secret(encoded, "correct horse")
    assert encoded.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_wrong_secret_is_refused(encoded: str) -> None:
    assert not verify_secret(encoded, "correct horsf")


def test_two_hashes_of_one_secret_differ(encoded: str) -> None:
    assert hash_secret("correct horse") != encoded


@pytest.mark.parametrize(
    "garbage", ["", "correct horse", "$argon2id$", "$argon2id$v=19$m=65536,t=3,p=4$AAAA$AAAA", "ä", "\ud800"]
)
def test_a_damaged_hash_fits_no_secret_and_raises_nothing(garbage: str) -> None:
    assert not verify_secret(garbage, "correct horse")


def test_a_secret_that_cannot_be_encoded_fits_nothing(encoded: str) -> None:
    assert not verify_secret(encoded, "\ud800")


def test_argon2_is_imported_only_when_it_is_used() -> None:
    imports = "import sys, counterfoil_service.crypto.argon2, counterfoil_service.crypto.keys"
    probe = f"{imports}; sys.exit('argon2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
