# SPDX-License-Identifier: Apache-2.0
"""Signed checkpoints held against a trust policy: who signed, and who is missing."""

import pytest

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.crypto.notes import COSIGNATURE, BadNote, NoteKey
from counterfoil_service.crypto.policy import judge, read_policy

LOG = NoteKey("log.example/audit", bytes(range(32)))
OTHER_LOG = NoteKey("other.example/audit", bytes(range(9, 41)))
A, B, C = (NoteKey(f"{name}.example", name.encode() * 32, COSIGNATURE) for name in "abc")
CHECKPOINT = Checkpoint(LOG.name, 9, bytes(32))
NOTE = LOG.sign(CHECKPOINT.body())
TIME = 1_795_000_000
WITNESSES = f"witness A {A.vkey}\nwitness B {B.vkey} https://b.example\nwitness C {C.vkey}\ngroup G 2 A B C\nquorum G\n"
POLICY = read_policy(f"log {LOG.vkey}\n{WITNESSES}".encode())


def cosigned(*keys: NoteKey, body: str = CHECKPOINT.body()) -> str:
    return NOTE + "".join(key.cosign(body, TIME) for key in keys)


def test_a_quorum_of_cosignatures_satisfies() -> None:
    verdict = judge(cosigned(A, C), POLICY)
    assert (verdict.checkpoint, verdict.satisfied, verdict.missing) == (CHECKPOINT, True, ())
    assert judge(cosigned(A, B, C), POLICY).satisfied


def test_too_few_do_not_and_the_others_are_named() -> None:
    assert judge(NOTE, POLICY).missing == ("A", "B", "C")
    verdict = judge(cosigned(B), POLICY)
    assert (verdict.satisfied, verdict.missing) == (False, ("A", "C"))


def test_one_witness_that_signs_often_counts_once() -> None:
    assert not judge(cosigned(A, A, A), POLICY).satisfied


def test_a_stranger_with_a_witnesss_name_counts_for_nothing() -> None:
    stranger = NoteKey(A.name, bytes(32), COSIGNATURE)
    assert judge(cosigned(stranger, B), POLICY).missing == ("A", "C")


def test_a_cosignature_that_does_not_fit_spoils_the_note() -> None:
    with pytest.raises(BadNote, match="does not fit"):
        judge(cosigned(A, B) + C.cosign(Checkpoint(LOG.name, 9, bytes([1] * 32)).body(), TIME), POLICY)


def test_a_log_that_is_not_named_is_not_believed_whoever_cosigned_it() -> None:
    body = Checkpoint(OTHER_LOG.name, 9, bytes(32)).body()
    note = OTHER_LOG.sign(body) + A.cosign(body, TIME) + B.cosign(body, TIME)
    with pytest.raises(BadNote, match="no log"):
        judge(note, POLICY)
    assert judge(note, read_policy(f"log {LOG.vkey}\nlog {OTHER_LOG.vkey}\n{WITNESSES}".encode())).satisfied


def test_a_log_speaks_for_itself_alone() -> None:
    """Its key's name is its origin: another trusted log's signature vouches for nothing of it."""
    both = read_policy(f"log {LOG.vkey}\nlog {OTHER_LOG.vkey}\n{WITNESSES}".encode())
    body = Checkpoint(OTHER_LOG.name, 9, bytes(32)).body()
    with pytest.raises(BadNote, match="under its own name"):
        judge(LOG.sign(body) + A.cosign(body, TIME) + B.cosign(body, TIME), both)


def test_which_log_it_is_may_be_known_from_elsewhere() -> None:
    nameless = read_policy(WITNESSES.encode())
    assert judge(cosigned(A, B), nameless, [LOG.vkey]).satisfied
    with pytest.raises(BadNote):
        judge(cosigned(A, B), nameless, [OTHER_LOG.vkey])
    with pytest.raises(BadNote):
        judge(cosigned(A, B), nameless)


def test_a_log_that_policy_and_caller_do_not_both_name_is_not_believed() -> None:
    assert judge(cosigned(A, B), POLICY, [LOG.vkey, OTHER_LOG.vkey]).satisfied
    with pytest.raises(BadNote):
        judge(cosigned(A, B), POLICY, [OTHER_LOG.vkey])


def test_a_note_that_is_no_checkpoint_is_refused() -> None:
    body = f"{LOG.name}\nnine\nentries\n"
    with pytest.raises(BadNote, match="decimal"):
        judge(LOG.sign(body) + A.cosign(body, TIME) + B.cosign(body, TIME), POLICY)


def test_no_quorum_still_needs_the_log() -> None:
    policy = read_policy(f"log {LOG.vkey}\nquorum none\n".encode())
    assert judge(NOTE, policy).satisfied
    with pytest.raises(BadNote):
        judge(cosigned(A).replace(f"{LOG.name} ", "x"), policy)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"log {A.vkey}", "type 4"),
        (f"witness A {LOG.vkey}", "type 1"),
        ("log log.example+00000000+AAAA", "not an Ed25519 key"),
        (f"log {LOG.vkey[:-1]}", "base64"),
        ("log nothing", "a vkey is"),
        (f"log {LOG.vkey.replace('log', 'gol')}", "not that of its key"),
    ],
)
def test_a_key_that_is_none_or_another_kind_is_refused_with_its_line(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"line 1: .*{why}"):
        read_policy(f"{line}\nquorum none\n".encode())


def test_a_key_whose_name_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"line 1: .*UTF-8"):
        read_policy(b"log \xff+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\nquorum none\n")


def test_one_key_under_two_names_is_one_witness() -> None:
    alias = NoteKey("alias.example", b"a" * 32, COSIGNATURE)
    with pytest.raises(ValueError, match="line 2: this witness's key stands on an earlier line"):
        read_policy(f"witness A {A.vkey}\nwitness B {alias.vkey}\nquorum none\n".encode())
