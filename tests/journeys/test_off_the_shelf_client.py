# SPDX-License-Identifier: Apache-2.0
"""Authlib, which nobody here wrote, signs people in for a web application by what the metadata says."""

from collections.abc import Iterator
from typing import Any, Literal

import httpx
import jwt
import pytest
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from journeys.computer import computer
from journeys.databases import Databases
from journeys.web_site import REDIRECT_URI, VERIFIER, WebSite
from support.mailserver import MailServer
from support.phone import Browser
from support.processes import RunningService, free_port

Authentication = Literal["client_secret_basic", "client_secret_post"]


@pytest.fixture(scope="module")
def site(databases: Databases, mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """An application whose issuer is called localhost: Authlib takes http from no other name."""
    folder, port = tmp_path_factory.mktemp("authlib"), free_port()
    settings = {"database_url": databases.fresh("sqlite", folder), "mail_url": mail.url}
    with (
        RunningService(folder, port, public_url=f"http://localhost:{port}", **settings) as service,
        WebSite(service, "Ledger") as made,
    ):
        yield made


@pytest.fixture(scope="module")
def metadata(site: WebSite) -> Any:
    """What Authlib finds and takes for valid (RFC 8414)."""
    url = get_well_known_url(site.service.public_url, external=True)
    found = AuthorizationServerMetadata(httpx.get(url, trust_env=False).json())
    found.validate()
    assert found["issuer"] == site.service.public_url
    return found


@pytest.fixture(params=["client_secret_basic", "client_secret_post"])
def client(request: pytest.FixtureRequest, site: WebSite, metadata: Any) -> Iterator[Any]:
    """Authlib's client, with each way to show its secret."""
    method: Authentication = request.param
    assert method in metadata["token_endpoint_auth_methods_supported"]
    with OAuth2Client(
        site.client_id,
        site.secret,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        redirect_uri=site.redirect_uri,
        code_challenge_method="S256",
        trust_env=False,
    ) as made:
        yield made


def signed_in(client: Any, metadata: Any, site: WebSite, browser: Browser, mail: MailServer, address: str) -> Any:
    """The token that Authlib holds once a person has signed in by one tap."""
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=VERIFIER)
    with computer(browser, mail, site.origin, site.service.public_url) as ada:
        assert ada.phone.open(url) == 200
        ada.tap(ada.ask(address))
        ada.turns_to(site.name)
    (answer,) = site.answers
    site.answers.clear()
    assert answer["state"] == state
    assert answer["iss"] == metadata["issuer"]
    back = httpx.URL(site.redirect_uri, params=answer)
    return client.fetch_token(
        metadata["token_endpoint"], authorization_response=str(back), code_verifier=VERIFIER, state=state
    )


def test_authlib_signs_in_refreshes_and_signs_out(
    client: Any, metadata: Any, site: WebSite, browser: Browser, mail: MailServer, address: str
) -> None:
    token = signed_in(client, metadata, site, browser, mail, address)
    assert token["token_type"] == "Bearer"
    claims = _verified(metadata, token["access_token"])
    assert claims["client_id"] == site.client_id
    assert claims["aud"] == metadata["issuer"]

    person = client.get(metadata["userinfo_endpoint"])
    assert person.status_code == 200, person.text
    assert (person.json()["sub"], person.json()["email"]) == (claims["sub"], address)
    assert _introspected(client, metadata)["active"] is True

    renewed = client.refresh_token(metadata["token_endpoint"])
    assert renewed["refresh_token"] != token["refresh_token"]
    assert _verified(metadata, renewed["access_token"])["sid"] == claims["sid"]
    assert client.get(metadata["userinfo_endpoint"]).status_code == 200

    revoked = client.revoke_token(
        metadata["revocation_endpoint"], renewed["refresh_token"], token_type_hint="refresh_token"
    )
    assert revoked.status_code == 200
    assert _introspected(client, metadata) == {"active": False}
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.refresh_token(metadata["token_endpoint"], renewed["refresh_token"])


def _introspected(client: Any, metadata: Any) -> Any:
    """What the service says of the access token that Authlib holds."""
    answer = client.introspect_token(metadata["introspection_endpoint"], client.token["access_token"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def _verified(metadata: Any, token: str) -> Any:
    """The claims, by PyJWT and the keys that the service publishes now."""
    keys = jwt.PyJWKSet.from_dict(httpx.get(metadata["jwks_uri"], trust_env=False).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    issuer = metadata["issuer"]
    return jwt.decode(token, key, algorithms=["ES256"], audience=issuer, issuer=issuer)


def test_authlib_is_told_of_a_refusal_in_the_words_that_it_knows(client: Any, metadata: Any, site: WebSite) -> None:
    with pytest.raises(OAuthError) as raised:
        client.fetch_token(
            metadata["token_endpoint"],
            grant_type="authorization_code",
            code="A" * 43,
            code_verifier=VERIFIER,
            redirect_uri=site.redirect_uri,
        )
    assert raised.value.error == "invalid_grant"
    with (
        OAuth2Client(site.client_id, "wrong", redirect_uri=REDIRECT_URI, trust_env=False) as stranger,
        pytest.raises(OAuthError) as refused,
    ):
        stranger.fetch_token(metadata["token_endpoint"], grant_type="authorization_code", code="A" * 43)
    assert refused.value.error == "invalid_client"


def test_a_code_without_the_verifier_of_its_challenge_is_worth_nothing(
    client: Any, metadata: Any, site: WebSite, browser: Browser, mail: MailServer, address: str
) -> None:
    url, _ = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier="x" * 43)
    with computer(browser, mail, site.origin, site.service.public_url) as ada:
        assert ada.phone.open(url) == 200
        ada.tap(ada.ask(address))
        ada.turns_to(site.name)
    (answer,) = site.answers
    site.answers.clear()
    with pytest.raises(OAuthError) as raised:
        client.fetch_token(metadata["token_endpoint"], code=answer["code"], code_verifier=VERIFIER)
    assert raised.value.error == "invalid_grant"
