# SPDX-License-Identifier: Apache-2.0
"""Random bytes at every door: always a 4xx in the endpoint's own form, never a row, never a 500."""

from collections.abc import Mapping
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.http import ASK, FORM, GRANT_TYPE, REVOKE, TOKEN, nothing_written, primed, raw_call
from support.stage import Stage

EXAMPLES = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"dpop", b"authorization", b"prefer", b"origin", b"sec-fetch-site", b"x-forwarded-for",
                         b"user-agent", b"content-length", b"cookie", b"host", b"content-type"]),
        st.binary(max_size=60).map(lambda value: value.translate(None, b"\r\n\0")),
    ),
    max_size=4,
)  # fmt: skip
NAMES = ["client_id", "login_hint", "scope", "resource", "device_label", "device_fingerprint", "grant_type",
         "device_code", "token", "secret", "action", "user_code", "client_secret", "x"]  # fmt: skip
FIELDS = st.dictionaries(st.sampled_from(NAMES), st.one_of(st.text(max_size=40), st.binary(max_size=40)), max_size=6)


async def _attack(stage: Stage, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    start, *_ = await raw_call(stage, "POST", path.encode(), headers, body)
    assert 400 <= start["status"] < 500, (start["status"], headers, body)
    kind = dict(start["headers"])[b"content-type"]
    assert kind == (b"application/json" if path.startswith("/oauth/") else b"text/html; charset=utf-8")


def _encoded(fields: Mapping[str, str | bytes]) -> bytes:
    pairs = []
    for name, value in fields.items():
        raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        pairs.append(f"{name}={quote_from_bytes(raw)}")
    return "&".join(pairs).encode()


@pytest.mark.parametrize("path", [ASK, TOKEN, REVOKE, "/l"])
@EXAMPLES
@given(body=st.binary(max_size=300), headers=HEADERS)
async def test_random_bytes_are_refused(
    sqlite_stage: Stage, path: str, body: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    async with nothing_written(sqlite_stage):
        await _attack(sqlite_stage, path, headers, body)
        await _attack(sqlite_stage, path, [(b"content-type", FORM.encode()), *headers], body)


@pytest.mark.parametrize("path", [ASK, TOKEN, REVOKE, "/l"])
@EXAMPLES
@given(fields=FIELDS, headers=HEADERS)
async def test_random_fields_are_refused_even_with_a_good_proof(
    sqlite_stage: Stage, path: str, fields: dict[str, str | bytes], headers: list[tuple[bytes, bytes]]
) -> None:
    forms: dict[str, dict[str, str]] = {
        ASK: {"client_id": "desk-app"},
        TOKEN: {"client_id": "desk-app", "grant_type": GRANT_TYPE},
        REVOKE: {"client_id": "desk-app"},
        "/l": {"action": "approve", "secret": "A" * 43},
    }
    if path == REVOKE:
        fields.pop("token", None)  # any token is as good as revoked
    kept = [(name, value) for name, value in headers if name not in {b"dpop", b"authorization", b"content-type"}]
    proof = [] if path == "/l" else [(b"dpop", primed(sqlite_stage).proof(path).encode())]
    body = _encoded(forms[path] | fields)
    async with nothing_written(sqlite_stage):
        await _attack(sqlite_stage, path, [(b"content-type", FORM.encode()), *proof, *kept], body)


# Slashes alone name no link: they are where the form goes.
@EXAMPLES
@given(
    segment=st.binary(min_size=1, max_size=60).filter(lambda segment: segment.strip(b"/")), agent=st.binary(max_size=60)
)
async def test_random_links_are_dead(sqlite_stage: Stage, segment: bytes, agent: bytes) -> None:
    path = b"/l/" + quote_from_bytes(segment).encode()
    async with nothing_written(sqlite_stage):
        for method in ("GET", "HEAD"):
            start, *_ = await raw_call(sqlite_stage, method, path, [(b"user-agent", agent)])
            assert start["status"] == 410
