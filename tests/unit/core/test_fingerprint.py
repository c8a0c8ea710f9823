# SPDX-License-Identifier: Apache-2.0
"""A fingerprint is taken in one shape and refused in all others, whatever an attacker nests into it."""

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import fingerprint
from counterfoil_service.core.errors import ErrorCode, Refusal

STABLE = "A" * 43
GOOD: dict[str, Any] = {"v": 1, "stable": STABLE, "attributes": {"os": "b" * 22}}


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def refused(text: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        fingerprint.parse(text)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    return caught.value


def test_the_documented_shape_is_taken() -> None:
    parsed = fingerprint.parse(encoded(GOOD))
    assert (parsed.v, parsed.stable, parsed.attributes) == (1, STABLE, {"os": "b" * 22})


def test_members_of_later_versions_are_passed_over() -> None:
    assert fingerprint.parse(encoded(GOOD | {"more": [1, 2]})).stable == STABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 0},
        {"v": 2},
        {"v": "1"},
        {"v": True},
        {"v": None},
        {"stable": STABLE[:-1]},
        {"stable": STABLE + "A"},
        {"stable": STABLE + "\n"},
        {"stable": "+" + STABLE[1:]},
        {"stable": "é" + STABLE[1:]},
        {"stable": None},
        {"stable": 5},
        {"attributes": None},
        {"attributes": []},
        {"attributes": {"os": 1}},
        {"attributes": {"os": {"deep": "er"}}},
        {"attributes": {"os": ""}},
        {"attributes": {"os": "b" * 21}},
        {"attributes": {"os": "b" * 23}},
        {"attributes": {"os": "b" * 21 + "="}},
        {"attributes": {"os": "b" * 21 + "\n"}},
        {"attributes": {"": "b" * 22}},
        {"attributes": {"Os": "b" * 22}},
        {"attributes": {"o s": "b" * 22}},
        {"attributes": {"o" * 33: "b" * 22}},
        {"attributes": {f"a{number}": "b" * 22 for number in range(65)}},
    ],
)
def test_one_wrong_member_refuses_the_whole(changes: dict[str, Any]) -> None:
    refused(encoded(GOOD | changes))


@pytest.mark.parametrize("missing", ["v", "stable", "attributes"])
def test_a_missing_member_refuses_the_whole(missing: str) -> None:
    refused(encoded({name: value for name, value in GOOD.items() if name != missing}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "!",
        "a",
        encoded(GOOD)[:-3],
        encoded(GOOD) + "\n",
        " " + encoded(GOOD),
        encoded(b"\xff\xfe"),
        encoded([]),
        encoded(None),
        encoded(b"{} {}"),
        "é" * 50,
        json.dumps(GOOD),
    ],
)
def test_what_is_not_base64url_of_one_json_object_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_json_nested_deeper_than_the_stack_is_refused_and_not_an_error(opening: bytes) -> None:
    refused(encoded((b'{"v":1,"more":' + opening * 3000)[:3000]))


def test_a_text_that_is_too_long_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base64, "b64decode", lambda *_a, **_k: pytest.fail("it was decoded"))
    refused("A" * 4097)


def test_names_that_a_later_release_may_send_are_taken() -> None:
    attributes = {f"a{number}": "b" * 22 for number in range(64)}
    assert fingerprint.parse(encoded(GOOD | {"attributes": attributes})).attributes == attributes


def test_a_fingerprints_repr_shows_names_alone() -> None:
    assert repr(fingerprint.parse(encoded(GOOD))) == "Fingerprint(attributes=['os'])"


def test_a_refusal_names_the_shape_and_never_the_value() -> None:
    refusal = refused(encoded(GOOD | {"stable": "my-machine-id"}))
    assert "stable" in refusal.description
    assert "my-machine-id" not in repr(refusal) + refusal.description
    assert refused(encoded({"v": "my-machine-id"})).__suppress_context__


@given(st.text(max_size=200) | st.binary(max_size=200).map(encoded))
def test_no_text_whatever_raises_anything_but_a_refusal(text: str) -> None:
    with contextlib.suppress(Refusal):
        fingerprint.parse(text)
