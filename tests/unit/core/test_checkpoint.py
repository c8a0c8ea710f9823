# SPDX-License-Identifier: Apache-2.0
"""A checkpoint's text is exactly three lines with one spelling each, and no tree is described that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.checkpoint import Checkpoint, base64_text, parse_base64, parse_decimal
from counterfoil_service.core.merkle import EMPTY_ROOT

MAX_SIZE = 2**63 - 1
# C2SP tlog-checkpoint, its example.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_example_of_the_specification_reads_and_writes() -> None:
    checkpoint = Checkpoint.parse(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert checkpoint.body() == EXAMPLE


@given(
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1),
    st.integers(1, MAX_SIZE),
    st.binary(min_size=32, max_size=32),
)
def test_every_checkpoint_reads_back(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert Checkpoint.parse(checkpoint.body()) == checkpoint


def test_an_empty_log_has_size_0_and_one_root() -> None:
    assert Checkpoint("o", 0, EMPTY_ROOT).body() == "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    with pytest.raises(ValueError, match="one root"):
        Checkpoint("o", 0, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n\n",
        "o\n1\n",
        f"o\n1\n{ROOT}",
        f"o\n1\n{ROOT}\n\n",
        f"o\n1\n{ROOT}\nextension\n",
        f"o\n1\n{ROOT}\nextension",
        f"\no\n1\n{ROOT}\n",
        f"\n1\n{ROOT}\n",
        f"o\n\n{ROOT}\n",
        f"o\n01\n{ROOT}\n",
        f"o\n00\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n 1\n{ROOT}\n",
        f"o\n1 \n{ROOT}\n",
        f"o\n1_0\n{ROOT}\n",
        f"o\n1.0\n{ROOT}\n",
        f"o\n0x1\n{ROOT}\n",
        f"o\n\u0661\n{ROOT}\n",
        f"o\n9223372036854775808\n{ROOT}\n",
        f"o\n{'9' * 5000}\n{ROOT}\n",
        f"o\r\n1\r\n{ROOT}\r\n",
        f"o\x00\n1\n{ROOT}\n",
        f"o\x1f\n1\n{ROOT}\n",
        f"o\n1\n{ROOT[:-1]}\n",
        f"o\n1\n{ROOT}=\n",
        f"o\n1\n {ROOT}\n",
        f"o\n1\n{ROOT[:-2]}J=\n",
        f"o\n1\n{ROOT.replace('/', '_')}\n",
        f"o\n1\n{ROOT[:-4]}\n",
        f"o\n1\n{ROOT[:-1]}AAAA=\n",
        "o\n1\n\n",
        "o\n1\n====\n",
        "o\n1\n\u00e9\n",
    ],
)
def test_every_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, bytes(32)),
        ("a\nb", 1, bytes(32)),
        ("a\tb", 1, bytes(32)),
        ("o", -1, bytes(32)),
        ("o", MAX_SIZE + 1, bytes(32)),
        ("o", 1, bytes(31)),
        ("o", 1, bytes(33)),
        ("o", 1, b""),
    ],
)
def test_what_could_not_be_read_back_is_not_made(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Checkpoint(origin, size, root)


def test_the_largest_log_and_an_origin_of_spaces_are_read() -> None:
    assert Checkpoint.parse(f" +\u00a0\n{MAX_SIZE}\n{ROOT}\n").size == MAX_SIZE, "custom alone forbids them"


@given(st.binary(max_size=80))
def test_bytes_have_one_spelling(data: bytes) -> None:
    text = base64_text(data)
    assert parse_base64(text) == data
    for other in (text + "=", text + "\n", " " + text, text.rstrip("=") + "?"):
        with pytest.raises(ValueError, match="base64"):
            parse_base64(other)


@given(st.integers(0, MAX_SIZE))
def test_numbers_have_one_spelling(number: int) -> None:
    assert parse_decimal(str(number)) == number
    for other in (f"0{number}", f"+{number}", f"{number}\n", f"{number}."):
        with pytest.raises(ValueError, match="decimal"):
            parse_decimal(other)
