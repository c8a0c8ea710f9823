# SPDX-License-Identifier: Apache-2.0
"""Signed notes against the published ones of three other implementations, and against everything that is not one."""

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.crypto.notes import (
    COSIGNATURE,
    ED25519,
    BadNote,
    NoteKey,
    VerifierKey,
    key_id,
    open_note,
    signers,
)

DASH = "\N{EM DASH}"
# C2SP signed-note, its example.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    f"This is an example message.\n\n{DASH} example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# golang.org/x/mod/sumdb/note, note_test.go.
PETER_SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH_KEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER = (
    f"{DASH} PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH = (
    f"{DASH} EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# A checkpoint of a public log with the cosignatures of public witnesses, as tlog-scales keeps it among its tests.
ARCHE_KEY = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
REMORA_KEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
STAGEMOLE_KEY = "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv"
REAL = f"""arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

{DASH} arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkp\
tQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
{DASH} arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei\
59RA23oHP7Ry1k3ZFWwQ=
{DASH} remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxt\
qB0DrAWfBw==
{DASH} witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOv\
KFYe/TmN9DAg==
"""
REAL_TIME = 1_779_573_024
LOG = NoteKey("log.example/audit", bytes(range(32)))
WITNESS = NoteKey("witness.example/w", bytes(range(1, 33)), COSIGNATURE)
BODY = Checkpoint("log.example/audit", 9, bytes(32)).body()


def line(key: str, signature: bytes, *, name: str | None = None) -> str:
    verifier = VerifierKey.parse(key)
    return f"{DASH} {name or verifier.name} {b64encode(verifier.id + signature).decode()}\n"


def test_the_example_of_the_specification_opens() -> None:
    assert open_note(EXAMPLE, [EXAMPLE_KEY]) == ("This is an example message.\n", ["example.com/foo"])
    assert open_note(EXAMPLE.encode(), [EXAMPLE_KEY]) == ("This is an example message.\n", ["example.com/foo"])


def test_gos_key_signs_gos_note_byte_for_byte() -> None:
    key = NoteKey("PeterNeumann", PETER_SEED)
    assert key.vkey == PETER_KEY
    assert key.sign(TEXT) == f"{TEXT}\n{PETER}"


def test_a_note_of_two_opens_with_either_key_and_names_those_that_were_asked() -> None:
    note = f"{TEXT}\n{PETER}{ENOCH}"
    assert open_note(note, [PETER_KEY]) == (TEXT, ["PeterNeumann"])
    assert open_note(note, [ENOCH_KEY]) == (TEXT, ["EnochRoot"])
    assert open_note(note, [ENOCH_KEY, PETER_KEY, EXAMPLE_KEY]) == (TEXT, ["PeterNeumann", "EnochRoot"])


def test_a_public_logs_checkpoint_opens_with_the_times_of_its_public_witnesses() -> None:
    body, found = signers(REAL, [ARCHE_KEY, REMORA_KEY, STAGEMOLE_KEY])
    assert Checkpoint.parse(body).size == 1_432_088_532
    assert {key.name: time for key, time in found.items()} == {
        "arche2025h1.staging.ct.transparency.dev": None,
        "remora.n621.de": REAL_TIME,
        "witness.stagemole.eu": REAL_TIME,
    }


@pytest.mark.parametrize("key", [ARCHE_KEY, REMORA_KEY, STAGEMOLE_KEY])
def test_a_public_checkpoint_with_another_size_is_refused_by_each_key(key: str) -> None:
    with pytest.raises(BadNote, match="does not fit"):
        open_note(REAL.replace("1432088532", "1432088533"), [key])


@pytest.mark.parametrize("vkey", [EXAMPLE_KEY, PETER_KEY, ENOCH_KEY, ARCHE_KEY, REMORA_KEY, STAGEMOLE_KEY, LOG.vkey])
def test_a_vkey_reads_and_writes_and_its_id_is_its_keys(vkey: str) -> None:
    key = VerifierKey.parse(vkey)
    assert key.text == vkey
    assert key_id(key.name, key.algorithm, key.public) == key.id
    assert key.algorithm == (COSIGNATURE if key.name in {"remora.n621.de", "witness.stagemole.eu"} else ED25519)


def test_a_vkey_whose_base64_has_plus_signs_reads_back() -> None:
    keys = [NoteKey("plus.example", bytes([seed]) * 32).vkey for seed in range(40)]
    assert any("+" in key.split("+", 2)[2] for key in keys)
    assert [VerifierKey.parse(key).text for key in keys] == keys


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER_KEY + "\n",
        " " + PETER_KEY,
        PETER_KEY.replace("PeterNeumann", "Peter Neumann"),
        PETER_KEY.replace("PeterNeumann", "Peter\u00a0Neumann"),
        PETER_KEY.replace("PeterNeumann", "Peter\u0001Neumann"),
        PETER_KEY.replace("PeterNeumann", "PeterNeumanN"),
        PETER_KEY.replace("c74f20a3", "c74f20a4"),
        PETER_KEY.replace("c74f20a3", "C74F20A3"),
        PETER_KEY.replace("c74f20a3", "74f20a3"),
        PETER_KEY.replace("+AR", "+AS"),
        PETER_KEY[:-1],
        PETER_KEY[:-4],
        PETER_KEY + "AAAA",
        PETER_KEY + "=",
        "PeterNeumann+c74f20a3+====",
        "PeterNeumann+c74f20a3+AQ==",
        f"x+{key_id('x', 6, bytes(32)).hex()}+{b64encode(bytes([6]) + bytes(32)).decode()}",
    ],
)
def test_any_other_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.parse(vkey)
    with pytest.raises(BadNote):
        open_note(f"{TEXT}\n{PETER}", [PETER_KEY, vkey])


def test_no_bit_of_a_note_can_be_turned() -> None:
    note = f"{TEXT}\n{PETER}".encode()
    for place in range(len(note)):
        for bit in range(8):
            bent = bytearray(note)
            bent[place] ^= 1 << bit
            with pytest.raises(BadNote):
                open_note(bytes(bent), [PETER_KEY])


MALFORMED = {
    "nothing": "",
    "text alone": TEXT,
    "no blank line": TEXT + PETER,
    "no signature": TEXT + "\n",
    "no last newline": f"{TEXT}\n{PETER}"[:-1],
    "a blank line after": f"{TEXT}\n{PETER}\n",
    "a blank line between signatures": f"{TEXT}\n{PETER}\n{ENOCH}x",
    "something after": f"{TEXT}\n{PETER}x\n",
    "carriage returns": f"{TEXT}\n{PETER}".replace("\n", "\r\n"),
    "a tab in the text": f"a\tb\n\n{PETER}",
    "a null in the text": f"a\x00b\n\n{PETER}",
    "an escape in a signature": f"{TEXT}\n{PETER}{DASH} a\x1bb AAAAAAA=\n",
    "a hyphen": f"{TEXT}\n{PETER.replace(DASH, '-')}",
    "an en dash": f"{TEXT}\n{PETER.replace(DASH, chr(0x2013))}",
    "no space after the dash": f"{TEXT}\n{PETER.replace(DASH + ' ', DASH)}",
    "two spaces": f"{TEXT}\n{PETER.replace('Neumann ', 'Neumann  ')}",
    "a space at the end": f"{TEXT}\n{PETER[:-1]} \n",
    "a name with a plus": f"{TEXT}\n{PETER}{DASH} a+b AAAAAAA=\n",
    "a name with a narrow space": f"{TEXT}\n{PETER}{DASH} a\u202fb AAAAAAA=\n",
    "no name": f"{TEXT}\n{PETER}{DASH}  AAAAAAA=\n",
    "an id alone": f"{TEXT}\n{PETER}{DASH} a AAAAAA==\n",
    "no base64": f"{TEXT}\n{PETER}{DASH} a AAAAA\n",
    "base64 of URLs": f"{TEXT}\n{PETER}{DASH} a AAAA-AA=\n",
    "spare bits": f"{TEXT}\n{PETER}{DASH} a AAAAAAB=\n",
    "101 signatures": f"{TEXT}\n{PETER}" + f"{DASH} a AAAAAAA=\n" * 100,
    "half of a surrogate": f"\ud800\n\n{PETER}",
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_no_note_is_refused_whoever_signed(what: str) -> None:
    with pytest.raises(BadNote) as caught:
        open_note(MALFORMED[what], [PETER_KEY])
    assert "none of the given keys" not in str(caught.value), "malformed, before any key is looked at"


def test_a_signature_line_without_text_and_blank_line_is_no_note() -> None:
    with pytest.raises(BadNote, match="blank line"):
        open_note(LOG.sign("\n").lstrip("\n"), [LOG.vkey])


@pytest.mark.parametrize(("algorithm", "length"), [(1, 31), (1, 33), (4, 0), (0, 32), (2, 32), (6, 32)])
def test_a_key_of_another_type_or_length_is_none_of_ours(algorithm: int, length: int) -> None:
    with pytest.raises(BadNote, match="not an Ed25519 key"):
        VerifierKey("a", algorithm, bytes(length))


def test_bytes_that_are_no_utf_8_are_no_note() -> None:
    with pytest.raises(BadNote, match="UTF-8"):
        open_note(b"\xff\n\n" + PETER.encode(), [PETER_KEY])
    with pytest.raises(BadNote, match="UTF-8"):
        open_note(f"{TEXT}\n{PETER}".encode("utf-16"), [PETER_KEY])


def test_a_hundred_signatures_are_looked_at_and_unknown_ones_ignored() -> None:
    note = f"{TEXT}\n" + f"{DASH} a AAAAAAA=\n" * 99 + PETER
    assert open_note(note, [PETER_KEY]) == (TEXT, ["PeterNeumann"])


def test_text_with_blank_lines_and_signatures_in_it_ends_at_the_last_blank_line() -> None:
    text = f"first\n\n{PETER}\n\nlast\n"
    assert open_note(LOG.sign(text), [LOG.vkey]) == (text, [LOG.name])
    with pytest.raises(BadNote, match="none"):
        open_note(LOG.sign(text), [PETER_KEY])


def test_a_known_keys_bad_signature_spoils_the_note_even_beside_good_ones() -> None:
    bad = line(ENOCH_KEY, bytes(64))
    assert open_note(f"{TEXT}\n{PETER}{bad}", [PETER_KEY]) == (TEXT, ["PeterNeumann"]), "unknown here, so ignored"
    for signatures in (PETER + bad, bad + PETER, PETER + ENOCH + bad):
        with pytest.raises(BadNote, match="signature of EnochRoot does not fit"):
            open_note(f"{TEXT}\n{signatures}", [PETER_KEY, ENOCH_KEY])


@pytest.mark.parametrize("length", [1, 63, 65, 72])
def test_a_signature_of_another_length_does_not_fit(length: int) -> None:
    for key in (PETER_KEY, WITNESS.vkey):
        with pytest.raises(BadNote, match="does not fit"):
            open_note(f"{TEXT}\n{line(key, bytes(length))}", [key])


def test_a_key_of_the_same_name_or_the_same_id_alone_is_unknown() -> None:
    other = NoteKey("PeterNeumann", bytes(32)).vkey
    for note, key in (
        (f"{TEXT}\n{PETER}", other),
        (f"{TEXT}\n{PETER.replace('PeterNeumann', 'PeterNewmann')}", PETER_KEY),
    ):
        with pytest.raises(BadNote, match="none of the given keys"):
            open_note(note, [key])


def test_without_keys_nothing_is_believed() -> None:
    with pytest.raises(BadNote, match="none of the given keys"):
        open_note(EXAMPLE, [])


def test_a_key_that_signed_twice_counts_once_and_both_must_fit() -> None:
    assert open_note(f"{TEXT}\n{PETER}{PETER}", [PETER_KEY, PETER_KEY]) == (TEXT, ["PeterNeumann"])
    cosigned = LOG.sign(BODY) + WITNESS.cosign(BODY, 7) + WITNESS.cosign(BODY, 9) + WITNESS.cosign(BODY, 8)
    assert list(signers(cosigned, [WITNESS.vkey])[1].values()) == [9]
    with pytest.raises(BadNote, match="does not fit"):
        signers(cosigned + WITNESS.cosign(BODY.replace("9", "8"), 9), [WITNESS.vkey])


@given(
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]) | st.just("\n")).map(lambda text: text + "\n")
)
def test_every_text_that_may_be_signed_opens_again(text: str) -> None:
    assert open_note(LOG.sign(text), [LOG.vkey]) == (text, [LOG.name])


@pytest.mark.parametrize("text", ["", "no newline", "a\r\n", "a\x00\n", "\ud800\n"])
def test_a_text_that_no_note_may_have_is_not_signed(text: str) -> None:
    with pytest.raises(BadNote):
        LOG.sign(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\x07b", "\u00a0"])
def test_a_name_that_no_note_may_have_signs_nothing(name: str) -> None:
    with pytest.raises(BadNote, match="name"):
        NoteKey(name, bytes(32))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        NoteKey("a", bytes(length))


def test_a_key_says_its_public_part_alone() -> None:
    assert repr(LOG) == f"NoteKey({LOG.vkey!r})"
    assert not hasattr(LOG, "__dict__")


def test_a_cosignature_is_over_time_and_checkpoint() -> None:
    note = LOG.sign(BODY) + WITNESS.cosign(BODY, 1_679_315_147)
    text, found = signers(note, [LOG.vkey, WITNESS.vkey])
    assert (text, {key.name: time for key, time in found.items()}) == (
        BODY,
        {LOG.name: None, WITNESS.name: 1_679_315_147},
    )
    blob = b64decode(note.splitlines()[-1].split(" ")[2])
    assert blob[:12] == VerifierKey.parse(WITNESS.vkey).id + (1_679_315_147).to_bytes(8, "big")
    later = blob[:4] + (1_679_315_148).to_bytes(8, "big") + blob[12:]
    with pytest.raises(BadNote, match="does not fit"):
        signers(LOG.sign(BODY) + f"{DASH} {WITNESS.name} {b64encode(later).decode()}\n", [WITNESS.vkey])


def test_a_cosignature_does_not_pass_for_a_signature_nor_the_other_way_round() -> None:
    as_log, as_witness = NoteKey("same.example", bytes(32)), NoteKey("same.example", bytes(32), COSIGNATURE)
    cosignature = b64decode(as_witness.cosign(BODY, 0).split(" ")[2])[12:]
    signature = b64decode(as_log.sign(BODY).splitlines()[-1].split(" ")[2])[4:]
    with pytest.raises(BadNote, match="does not fit"):
        open_note(f"{BODY}\n{line(as_log.vkey, cosignature)}", [as_log.vkey])
    with pytest.raises(BadNote, match="does not fit"):
        open_note(f"{BODY}\n{line(as_witness.vkey, bytes(8) + signature)}", [as_witness.vkey])
    both = as_log.sign(BODY) + as_witness.cosign(BODY, 5)
    assert list(signers(both, [as_log.vkey, as_witness.vkey])[1].values()) == [None, 5], "two keys of one name"


@pytest.mark.parametrize("time", [-1, 2**63, 2**64])
def test_a_time_beyond_a_signed_64_bit_number_is_refused(time: int) -> None:
    with pytest.raises(BadNote, match="time"):
        WITNESS.cosign(BODY, time)
    if time == 2**63:
        with pytest.raises(BadNote, match="time"):
            open_note(f"{BODY}\n{line(WITNESS.vkey, time.to_bytes(8, 'big') + bytes(64))}", [WITNESS.vkey])


def test_a_logs_key_does_not_cosign_and_a_witnesss_key_signs_no_note() -> None:
    with pytest.raises(BadNote):
        LOG.cosign(BODY, 0)
    with pytest.raises(BadNote):
        WITNESS.sign(BODY)
