# SPDX-License-Identifier: Apache-2.0
"""The one address that is trusted, and the addresses that only look like it."""

import pytest

from counterfoil_client._issuer import Issuer
from counterfoil_client.errors import ConfigurationError, CounterfoilError, UnexpectedResponse


@pytest.mark.parametrize(
    ("text", "origin", "metadata"),
    [
        ("https://id.example", "https://id.example", "https://id.example/.well-known/oauth-authorization-server"),
        (
            "https://id.example:8443/a/b",
            "https://id.example:8443",
            "https://id.example:8443/.well-known/oauth-authorization-server/a/b",
        ),
        (
            "http://127.0.0.1:8000",
            "http://127.0.0.1:8000",
            "http://127.0.0.1:8000/.well-known/oauth-authorization-server",
        ),
        ("http://[::1]:8000", "http://[::1]:8000", "http://[::1]:8000/.well-known/oauth-authorization-server"),
        ("http://localhost", "http://localhost", "http://localhost/.well-known/oauth-authorization-server"),
        (
            "https://[2001:db8::1]",
            "https://[2001:db8::1]",
            "https://[2001:db8::1]/.well-known/oauth-authorization-server",
        ),
    ],
)
def test_an_issuer_and_where_its_metadata_lies(text: str, origin: str, metadata: str) -> None:
    issuer = Issuer.parse(text)
    assert (issuer.origin, issuer.metadata_url) == (origin, metadata)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id.example",
        "http://id.example",
        "http://127.0.0.2",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "https://id.example/",
        "https://id.example/a/",
        "https://id.example//a",
        "https://id.example?x",
        "https://id.example/?",
        "https://id.example#x",
        "https://user@id.example",
        "https://id.example\\@evil.example",
        "https://id.example:99999",
        "https://id.example:port",
        "https://id.example ",
        "https://id.example\n",
        "https://ïd.example",
        "HTTPS://id.example",
        "ftp://id.example",
        "javascript:alert(1)",
        "https://-id.example",
        "https://" + "a" * 3000,
    ],
)
def test_anything_else_is_refused_at_once(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Issuer.parse(text)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, CounterfoilError)


@pytest.mark.parametrize("url", ["https://id.example/", "https://id.example/oauth/token", "https://id.example/t?a=b"])
def test_an_endpoint_on_the_origin_is_taken(url: str) -> None:
    assert Issuer.parse("https://id.example/tenant").own(url, "token_endpoint") == url


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example",
        "https://id.example.evil.example/token",
        "https://id.example@evil.example/token",
        "https://id.example:444/token",
        "https://evil.example/token",
        "http://id.example/token",
        "//id.example/token",
        "/token",
        "https://id.example/\\evil.example",
        "https://id.example/a b",
        "https://id.example/a\nb",
        "https://id.example/a#b",
        "https://id.example/ü",
        "javascript:alert(1)",
        "https://id.example/" + "a" * 3000,
    ],
)
def test_an_endpoint_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(UnexpectedResponse, match="token_endpoint"):
        Issuer.parse("https://id.example").own(url, "token_endpoint")
