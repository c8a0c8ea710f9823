# SPDX-License-Identifier: Apache-2.0
"""A proof in a file: the specification's lines, one spelling, and no bit of it that could be another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.merkle import EMPTY_ROOT
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.crypto.notes import NoteKey, open_note
from support.rfc9162 import leaves_of, mth, path

# C2SP tlog-proof, its example, with whole signatures and extra data of whole bytes.
EXAMPLE = """c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

\N{EM DASH} example.com/fancylog hI2DJw==
"""
HASH = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ="
NOTE = "o\n1\n\n\N{EM DASH} o AAAAAAA=\n"
LOG = NoteKey("log.example/audit", bytes(range(32)))
LEAVES = leaves_of(5)


def a_proof(index: int = 2) -> TlogProof:
    note = LOG.sign(Checkpoint(LOG.name, 5, mth(LEAVES)).body())
    return TlogProof(index=index, hashes=path(index, LEAVES), note=note)


def believed(text: bytes, leaf: bytes) -> bool:
    """What a verifier does with a file, a leaf and the log's public key."""
    try:
        proof = TlogProof.parse(text.decode())
        body, _ = open_note(proof.note, [LOG.vkey])
        return proof.proves(leaf, Checkpoint.parse(body))
    except ValueError:
        return False


def test_the_example_of_the_specification_reads_and_writes() -> None:
    proof = TlogProof.parse(EXAMPLE)
    assert (proof.index, len(proof.hashes), proof.extra) == (73_894, 5, b"age-v1.2.1-darwin-arm64.tar.gz")
    assert proof.hashes[0].hex() == "8122b25e861952067a8ddb9662b9033804629ce30626f7978e032405371d3e54"
    assert proof.note.startswith("example.com/fancylog\n109482\n")
    assert proof.text() == EXAMPLE


def test_an_entry_is_believed_with_its_own_proof_alone() -> None:
    for index, leaf in enumerate(LEAVES):
        text = a_proof(index).text().encode()
        assert [believed(text, other) for other in LEAVES] == [other == leaf for other in LEAVES]


def test_no_bit_of_the_file_can_be_turned() -> None:
    text = a_proof().text().encode()
    assert believed(text, LEAVES[2])
    for place in range(len(text)):
        for bit in range(8):
            bent = bytearray(text)
            bent[place] ^= 1 << bit
            assert not believed(bytes(bent), LEAVES[2]), (place, bit)


def test_the_checkpoint_of_another_size_does_not_prove_the_entry() -> None:
    proof = a_proof(4)
    for size in range(1, 6):
        assert proof.proves(LEAVES[4], Checkpoint("o", size, mth(LEAVES[:size]))) == (size == 5)


def test_an_empty_log_proves_nothing() -> None:
    assert not TlogProof(index=0, hashes=(), note=NOTE).proves(EMPTY_ROOT, Checkpoint("o", 0, EMPTY_ROOT))


def test_the_only_entry_of_a_log_needs_no_hash() -> None:
    proof = TlogProof(index=0, hashes=(), note=LOG.sign(Checkpoint(LOG.name, 1, LEAVES[0]).body()))
    assert proof.text().startswith("c2sp.org/tlog-proof@v1\nindex 0\n\nlog.example/audit\n1\n")
    assert believed(proof.text().encode(), LEAVES[0])


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(min_size=1, max_size=100),
)
def test_every_proof_reads_back(index: int, hashes: list[bytes], extra: bytes | None) -> None:
    proof = TlogProof(index=index, hashes=tuple(hashes), note=NOTE, extra=extra)
    assert TlogProof.parse(proof.text()) == proof


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        f"c2sp.org/tlog-proof@v2\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1 \nindex 0\n\n{NOTE}",
        f"\nc2sp.org/tlog-proof@v1\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n{HASH}\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex \n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 01\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex -1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nIndex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex  0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nextra YQ==\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra YQ==\nextra YQ==\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra YR==\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra YQ==\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nYQ==\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH} \n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH[:-1]}\n\n{NOTE}",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 64 + f"\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{NOTE}",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\no\n1\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n\n{NOTE}trailing",
    ],
)
def test_every_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TlogProof.parse(text)


@pytest.mark.parametrize(
    "change",
    [
        {"index": -1},
        {"index": 2**63},
        {"hashes": [bytes(31)]},
        {"hashes": [bytes(32)] * 64},
        {"note": "o\n1\n"},
        {"note": NOTE + "x"},
        {"extra": b""},
    ],
)
def test_what_could_not_be_read_back_is_not_made(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        TlogProof(**{"index": 0, "hashes": [], "note": NOTE, **change})
