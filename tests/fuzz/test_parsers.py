# SPDX-License-Identifier: Apache-2.0
"""Whatever bytes a reader gets, it gives a value or the error that it names; what it spells again is what it read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.parsed_core import CORE
from fuzz.parsed_sdk import SDK
from fuzz.parsed_web import SETTINGS, WEB
from fuzz.parsing import Parser, spoilt
from support.fuzzing import Tally, examples

PARSERS = {parser.reads: parser for parser in [*CORE, *WEB, *SETTINGS, *SDK]}


def tried(parser: Parser, text: str | bytes) -> str:
    """`read` or `refused`; anything else comes out as the error that it is."""
    try:
        value = parser.call(text)
    except parser.errors:
        return "refused"
    if parser.again is not None:
        spelt = parser.again(value)
        assert (spelt == text) if not parser.loose else (parser.call(spelt) == value), (text, value, spelt)
    return "read"


@pytest.mark.parametrize("reads", PARSERS)
@examples(5)
@given(data=st.data())
def test_foreign_bytes_give_a_value_or_the_error_that_is_named(reads: str, tally: Tally, data: st.DataObject) -> None:
    parser = PARSERS[reads]
    tally[tried(parser, data.draw(spoilt(parser.seeds)))] += 1


DEPTH = 30_000
"""As deep as 64 KiB of body can be."""
BAD_MEMBERS = {
    "deep": b'"zz":' + b"[" * DEPTH + b"]" * DEPTH,
    "no UTF-8": b'"zz":"\xff"',
    "half a surrogate pair": b'"zz":"\\ud800"',
    "a name that is no text": b'"\xff":1',
    "a number without end": b'"zz":' + b"9" * 5000,
}
OBJECTS = [reads for reads, parser in PARSERS.items() if any(seed[:1] == b"{" for seed in parser.seeds)]


@pytest.mark.parametrize("member", BAD_MEMBERS.values(), ids=list(BAD_MEMBERS))
@pytest.mark.parametrize("reads", OBJECTS)
def test_json_that_only_json_readers_stumble_over_is_no_surprise(reads: str, member: bytes) -> None:
    parser = PARSERS[reads]
    for seed in parser.seeds:
        assert isinstance(seed, bytes)
        tried(parser, b"{" + member + b"," + seed[1:])
        tried(parser, member.partition(b":")[2])


@pytest.mark.parametrize("reads", PARSERS)
def test_every_seed_is_good_input(reads: str) -> None:
    parser = PARSERS[reads]
    assert {tried(parser, seed) for seed in parser.seeds[:1]} == {"read"}
