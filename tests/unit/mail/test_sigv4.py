# SPDX-License-Identifier: Apache-2.0
"""Signature Version 4 against the figures of AWS's own test suite and of its guide to deriving a key."""

import pytest

from counterfoil_service.mail.transports.sigv4 import Signer
from counterfoil_service.settings.secret import Secret

SECRET = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SIGNER = Signer("AKIDEXAMPLE", SECRET, "us-east-1", "service")
NOW = 1_440_938_160_000_000
"""2015-08-30 12:36:00 UTC."""
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "names", "signature"),
    [
        *[
            ("GET", "/", {}, b"", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", {}, b"", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ],
        (
            *("POST", "/", {"My-Header1": "value1"}, b"", ";my-header1"),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        ),
        (
            *("POST", "/", {"My-Header1": "VALUE1"}, b"", ";my-header1"),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
        ),
        (
            *("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", {}, b"", ""),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        (
            *("POST", "/", {"Content-Type": FORM}, b"Param1=value1", "content-type;"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            *("POST", "/", {"Content-Type": f"{FORM}; charset=utf8"}, b"Param1=value1", "content-type;"),
            "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
        ),
    ],
    ids=["get", "post", "header", "header-value", "unreserved", "form", "form-parameters"],
)
def test_requests_of_the_suite_are_signed_as_the_suite_has_them(
    *, method: str, path: str, headers: dict[str, str], body: bytes, names: str, signature: str
) -> None:
    signed = SIGNER.signed(method, f"https://example.amazonaws.com{path}", headers, body, NOW)
    before, after = (names, "") if names.endswith(";") else ("", names)
    assert signed == {
        **headers,
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            f"SignedHeaders={before}host{after};x-amz-date, Signature={signature}"
        ),
    }


def test_the_key_of_a_day_is_derived_as_the_guide_has_it() -> None:
    key = Signer("AKIDEXAMPLE", SECRET, "us-east-1", "iam").signing_key("20120215")
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


def test_nothing_shows_the_secret() -> None:
    assert SECRET.reveal() not in repr(SIGNER)
