# SPDX-License-Identifier: Apache-2.0
"""What goes to a witness and comes back, byte for byte as C2SP tlog-witness has it."""

from base64 import b64decode

import pytest

from counterfoil_service.core.add_checkpoint import known_size, request_body

NOTE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
    "+xeMcTOAYQ8=\n"
)
HASHES = ["PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=", "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk="]
SIZE = {"content-type": "text/x.tlog.size"}


def test_the_request_is_that_of_the_specification() -> None:
    expected = "\n".join(["old 20852014", *HASHES, "", NOTE]).encode()
    assert request_body(20852014, [b64decode(each) for each in HASHES], NOTE) == expected


def test_a_witness_that_knows_nothing_is_sent_no_proof() -> None:
    assert request_body(0, [], NOTE) == f"old 0\n\n{NOTE}".encode()
    with pytest.raises(ValueError, match="no proof"):
        request_body(0, [bytes(32)], NOTE)


def test_63_hashes_are_the_most() -> None:
    assert request_body(1, [bytes(32)] * 63, NOTE).count(b"\n") == 63 + 2 + NOTE.count("\n")
    with pytest.raises(ValueError, match="at most 63"):
        request_body(1, [bytes(32)] * 64, NOTE)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_none(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        request_body(1, [bytes(length)], NOTE)


@pytest.mark.parametrize("size", [0, 7, 2**63 - 1])
def test_a_size_is_read(size: int) -> None:
    assert known_size(SIZE, b"%d\n" % size) == size


@pytest.mark.parametrize("kind", ["text/x.tlog.size; charset=utf-8", "Text/X.TLOG.Size", "text/x.tlog.size ;a=b"])
def test_a_media_type_may_have_parameters_and_any_case(kind: str) -> None:
    assert known_size({"content-type": kind}, b"7\n") == 7


@pytest.mark.parametrize("kind", ["", "text/plain", "text/x.tlog.sizes", "application/text/x.tlog.size"])
def test_of_another_type_it_is_no_size(kind: str) -> None:
    with pytest.raises(ValueError, match=r"text/x\.tlog\.size"):
        known_size({"content-type": kind}, b"7\n")
    with pytest.raises(ValueError, match=r"text/x\.tlog\.size"):
        known_size({}, b"7\n")


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"7", b"70", b"7\n\n", b"7\r\n", b" 7\n", b"+7\n", b"-7\n", b"07\n", b"7_0\n", b"0x7\n",
             b"9" * 19 + b"\n", "\N{ARABIC-INDIC DIGIT SEVEN}\n".encode(), b"\xff\n", b"7\x00\n", b"7\n8\n"]
)  # fmt: skip
def test_whatever_is_spelt_otherwise_is_no_size(body: bytes) -> None:
    with pytest.raises(ValueError, match="number"):
        known_size(SIZE, body)
