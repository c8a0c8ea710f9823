# SPDX-License-Identifier: Apache-2.0
"""`session.auth` as a resource sees it: a proof for each request, one repeat for each reason, nothing for strangers."""

import asyncio
import hashlib
import http.server
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import jwt
import pytest

from counterfoil_client import ConfigurationError, Session
from counterfoil_client._proof import b64
from counterfoil_client.testing import FakeService
from unit.sdk.signed_in import LIFE, a_session, call

Handler = Callable[[httpx2.Request], httpx2.Response]
API = "https://api.example/notes"


@pytest.fixture
def fake() -> FakeService:
    return FakeService()


@pytest.fixture
def session(fake: FakeService) -> Session:
    return a_session(fake)


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def ask(kind: str, session: Session, handle: Handler, url: str = API, method: str = "GET", **options: Any) -> Any:
    """One request to resources that a test plays; `follow` lets the HTTP client follow redirects."""
    follow = options.pop("follow", False)
    transport = httpx2.MockTransport(handle)
    if kind == "sync":
        with httpx2.Client(transport=transport, auth=session.auth, follow_redirects=follow) as http:
            return http.request(method, url, **options)

    async def story() -> httpx2.Response:
        async with httpx2.AsyncClient(transport=transport, auth=session.auth, follow_redirects=follow) as http:
            return await http.request(method, url, **options)

    return asyncio.run(story())


class Resource:
    """Plays back answers and remembers what it was sent, as it was then."""

    def __init__(self, *answers: httpx2.Response) -> None:
        self._answers = list(answers)
        self.urls: list[str] = []
        self.sent: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.urls.append(str(request.url))
        self.sent.append({name.decode().lower(): value.decode() for name, value in request.headers.raw})
        self.bodies.append(request.content)
        return self._answers.pop(0) if self._answers else httpx2.Response(200)

    def claims(self, number: int) -> dict[str, Any]:
        proof = self.sent[number]["dpop"]
        key = jwt.PyJWK(jwt.get_unverified_header(proof)["jwk"], "ES256")
        found: dict[str, Any] = jwt.decode(proof, key, algorithms=["ES256"], options={"verify_iat": False})
        return found


def challenge(error: str, nonce: str | None = None, text: str | None = None) -> httpx2.Response:
    headers = {"WWW-Authenticate": f'DPoP algs="ES256", error="{error}"' if text is None else text}
    return httpx2.Response(401, headers=headers if nonce is None else {**headers, "DPoP-Nonce": nonce})


def moved(to: str, status: int = 302) -> httpx2.Response:
    return httpx2.Response(status, headers={"Location": to})


def test_a_resource_lets_the_person_in(kind: str, fake: FakeService, session: Session) -> None:
    answer = call(kind, fake, session)
    assert (answer.status_code, answer.json()["subject"]) == (200, session.subject)


def test_a_proof_is_for_this_method_this_address_and_this_token(kind: str, session: Session) -> None:
    resource = Resource()
    ask(kind, session, resource, "https://user:word@API.example:443/a%20b/?q=1#part", "PATCH")
    claims = resource.claims(0)
    assert (claims["htm"], claims["htu"]) == ("PATCH", "https://api.example/a%20b/")
    assert resource.sent[0]["authorization"] == f"DPoP {session.access_token}"
    assert claims["ath"] == b64(hashlib.sha256(session.access_token.encode()).digest())
    assert "nonce" not in claims


def test_each_request_has_a_proof_of_its_own(kind: str, session: Session) -> None:
    resource = Resource(challenge("use_dpop_nonce", "n1"))
    ask(kind, session, resource)
    ask(kind, session, resource)
    assert len({resource.claims(number)["jti"] for number in range(3)}) == 3


def test_a_nonce_is_given_once_it_is_asked_for_and_then_at_once(kind: str, session: Session) -> None:
    resource = Resource(challenge("use_dpop_nonce", "n1"), httpx2.Response(200, headers={"DPoP-Nonce": "n2"}))
    assert ask(kind, session, resource).status_code == 200
    ask(kind, session, resource)
    assert [resource.claims(number).get("nonce") for number in range(3)] == [None, "n1", "n2"]


def test_a_nonce_is_for_the_origin_that_gave_it(kind: str, session: Session) -> None:
    resource = Resource(httpx2.Response(200, headers={"DPoP-Nonce": "first"}))
    urls = [API, "https://other.example/", "https://api.example:8443/", "https://api.example/elsewhere"]
    for url in urls:
        ask(kind, session, resource, url)
    assert [resource.claims(number).get("nonce") for number in range(4)] == [None, None, None, "first"]


def test_nonces_of_many_origins_do_not_pile_up(session: Session) -> None:
    for number in range(100):
        ask("sync", session, Resource(httpx2.Response(200, headers={"DPoP-Nonce": "n"})), f"https://a{number}.example/")
    assert len(session.auth._nonces) == 64


@pytest.mark.parametrize("nonce", ["", "a b", 'a"b', "x" * 600])
def test_what_is_no_nonce_is_not_repeated(kind: str, session: Session, nonce: str) -> None:
    resource = Resource(httpx2.Response(200, headers={"DPoP-Nonce": nonce}))
    ask(kind, session, resource)
    ask(kind, session, resource)
    assert "nonce" not in resource.claims(1)


def test_a_resource_that_never_has_enough_is_asked_twice(kind: str, session: Session) -> None:
    resource = Resource(*(challenge("use_dpop_nonce", f"n{number}") for number in range(9)))
    assert ask(kind, session, resource).status_code == 401
    assert len(resource.sent) == 2


def test_a_wish_for_a_nonce_without_one_is_not_answered(kind: str, session: Session) -> None:
    resource = Resource(challenge("use_dpop_nonce"))
    assert ask(kind, session, resource).status_code == 401
    assert len(resource.sent) == 1


def test_a_refused_token_is_replaced_once(kind: str, fake: FakeService, session: Session) -> None:
    old = session.access_token
    resource = Resource(challenge("invalid_token"))
    assert ask(kind, session, resource).status_code == 200
    assert [sent["authorization"] for sent in resource.sent] == [f"DPoP {old}", f"DPoP {session.access_token}"]
    assert (old != session.access_token, fake.sessions[0].refreshes) == (True, 1)


def test_a_resource_that_refuses_every_token_costs_one_refresh_however_often_it_is_asked(
    kind: str, fake: FakeService, session: Session
) -> None:
    resource = Resource(*(challenge("invalid_token") for _ in range(20)))
    for _ in range(3):
        assert ask(kind, session, resource).status_code == 401
    assert (fake.sessions[0].refreshes, len(resource.sent)) == (1, 4)


def test_every_reason_counts_once_in_whatever_order(kind: str, fake: FakeService, session: Session) -> None:
    turns = ["use_dpop_nonce", "invalid_token", "use_dpop_nonce", "invalid_token"] * 3
    resource = Resource(*(challenge(error, f"n{number}") for number, error in enumerate(turns)))
    assert ask(kind, session, resource).status_code == 401
    assert (fake.sessions[0].refreshes, len(resource.sent)) == (1, 3)


@pytest.mark.parametrize(
    "text",
    [
        'Bearer error="invalid_token"',
        'Bearer realm="a, DPoP error=b", error="invalid_token"',
        'Basic realm="DPoP error=\\"invalid_token\\""',
        "DPoP",
        'DPoP error="insufficient_scope"',
        'DPoP error="',
        "DPoP error",
        'DPoP algs="ES256", Bearer error="invalid_token"',
        "=" * 100_000,
        'DPoP error_description="error=invalid_token"',
    ],
)
def test_other_refusals_are_the_applications(kind: str, session: Session, text: str) -> None:
    resource = Resource(challenge("", text=text))
    assert ask(kind, session, resource).status_code == 401
    assert len(resource.sent) == 1


@pytest.mark.parametrize(
    "text",
    [
        "dpop error=invalid_token",
        'Bearer, DPoP algs="ES256 ES384",error = "invalid_token"',
        'Bearer error="insufficient_scope", DPoP realm="a \\" b", error="invalid_token", algs="ES256"',
    ],
)
def test_the_challenge_is_found_among_others(kind: str, session: Session, text: str) -> None:
    resource = Resource(challenge("", text=text))
    assert ask(kind, session, resource).status_code == 200
    assert len(resource.sent) == 2


@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_only_a_401_is_weighed(kind: str, session: Session, status: int) -> None:
    headers = {"WWW-Authenticate": 'DPoP error="invalid_token"', "DPoP-Nonce": "n"}
    resource = Resource(httpx2.Response(status, headers=headers))
    assert ask(kind, session, resource).status_code == status
    assert len(resource.sent) == 1


def test_a_body_is_sent_again(kind: str, session: Session) -> None:
    resource = Resource(challenge("use_dpop_nonce", "n"))
    ask(kind, session, resource, method="POST", json={"a": 1})
    assert resource.bodies[0] == resource.bodies[1] != b""


def test_a_stream_is_sent_once_and_the_application_is_told(kind: str, session: Session) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"once"

    async def achunks() -> AsyncIterator[bytes]:
        yield b"once"

    sent: list[str] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers["dpop"])
        return challenge("use_dpop_nonce", "n")

    transport = Unread(handle)
    if kind == "sync":
        with httpx2.Client(transport=transport, auth=session.auth) as http:
            answer = http.post(API, content=chunks())
    else:

        async def story() -> httpx2.Response:
            async with httpx2.AsyncClient(transport=transport, auth=session.auth) as http:
                return await http.post(API, content=achunks())

        answer = asyncio.run(story())
    assert (answer.status_code, len(sent)) == (401, 1)


class Unread(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """A transport that leaves the body where it is, as MockTransport does not."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._handle(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._handle(request)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example/",
        "http://127.0.0.2/",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/",
        "ftp://api.example/",
        "ws://api.example/",
    ],
)
def test_no_token_goes_over_an_open_line(kind: str, session: Session, url: str) -> None:
    resource = Resource()
    with pytest.raises(ConfigurationError) as caught:
        ask(kind, session, resource, f"{url}?q=private")
    assert resource.sent == []
    assert "private" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://[::1]:8000/", "http://localhost/"])
def test_this_machine_may_be_asked_in_the_open(kind: str, session: Session, url: str) -> None:
    resource = Resource()
    assert ask(kind, session, resource, url).status_code == 200
    assert resource.claims(0)["htu"] == url


ELSEWHERE = [
    "https://evil.example/",
    "http://api.example/notes",
    "https://api.example:8443/",
    "https://API.example.evil/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_carries_neither_token_nor_proof(
    kind: str, session: Session, target: str, status: int
) -> None:
    resource = Resource(moved(target, status), challenge("use_dpop_nonce", "n"), challenge("invalid_token", "n"))
    answer = ask(kind, session, resource, follow=True, method="POST", json={})
    assert (answer.status_code, len(resource.sent)) == (401, 2)
    assert "dpop" in resource.sent[0]
    assert {"dpop", "authorization"}.isdisjoint(resource.sent[1])
    assert session.access_token not in str(resource.sent[1])


def test_a_redirect_that_is_not_followed_offers_no_request_with_secrets(kind: str, session: Session) -> None:
    answer = ask(kind, session, Resource(moved("https://evil.example/")))
    assert answer.next_request is not None
    assert {"dpop", "authorization"}.isdisjoint(name.decode().lower() for name, _ in answer.next_request.headers.raw)


def test_a_redirect_within_the_origin_is_asked_with_a_proof_of_its_own(kind: str, session: Session) -> None:
    resource = Resource(moved("/notes/"), challenge("invalid_request"), httpx2.Response(200))
    assert ask(kind, session, resource, follow=True).status_code == 200
    assert "dpop" not in resource.sent[1]
    assert resource.claims(2)["htu"] == "https://api.example/notes/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_redirect_that_comes_back_from_another_origin_is_not_asked_again(
    kind: str, session: Session, target: str
) -> None:
    resource = Resource(moved(target), moved("https://api.example/chosen"), challenge("invalid_request"))
    assert ask(kind, session, resource, follow=True).status_code == 401
    assert ["dpop" in sent for sent in resource.sent] == [True, False, False]


def test_redirects_within_the_origin_do_not_go_on_for_ever(kind: str, session: Session) -> None:
    class Maze(Resource):
        def __call__(self, request: httpx2.Request) -> httpx2.Response:
            super().__call__(request)
            return moved(f"/{len(self.sent)}") if len(self.sent) % 2 else challenge("invalid_token", "n")

    maze = Maze()
    assert ask(kind, session, maze, follow=True).status_code in {401, 302}
    assert len(maze.sent) < 10


def test_what_the_application_put_there_is_replaced_not_doubled(kind: str, session: Session) -> None:
    resource = Resource()
    ask(kind, session, resource, headers={"Authorization": "Bearer old", "dpop": "old", "X-Own": "kept"})
    assert resource.sent[0]["authorization"].startswith("DPoP ")
    assert resource.sent[0]["dpop"] != "old"
    assert resource.sent[0]["x-own"] == "kept"


def test_the_headers_of_a_request_show_no_secret(session: Session) -> None:
    kept: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        kept.append(request)
        return httpx2.Response(200)

    ask("sync", session, handle)
    (request,) = kept
    assert session.access_token not in repr(request.headers) + str(dict(request.headers)) + repr(request)
    assert "authorization" in request.headers
    assert request.headers["Authorization"].startswith("DPoP ")


class Recorder(http.server.BaseHTTPRequestHandler):
    """A real server that sends on to another one."""

    seen: list[dict[str, str]]
    onward: str | None

    def do_GET(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(302 if self.onward else 200)
        if self.onward:
            self.send_header("Location", self.onward)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        del format, args


def serve(onward: str | None) -> tuple[http.server.HTTPServer, list[dict[str, str]]]:
    seen: list[dict[str, str]] = []
    handler = type("Handler", (Recorder,), {"seen": seen, "onward": onward})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server, seen


def test_on_a_real_wire_token_and_proof_reach_the_first_server_alone(kind: str, session: Session) -> None:
    stranger, at_stranger = serve(None)
    friend, at_friend = serve(f"http://127.0.0.1:{stranger.server_port}/")
    url = f"http://127.0.0.1:{friend.server_port}/"
    try:
        if kind == "sync":
            with httpx2.Client(auth=session.auth, follow_redirects=True, trust_env=False) as http_client:
                assert http_client.get(url).status_code == 200
        else:

            async def story() -> None:
                async with httpx2.AsyncClient(auth=session.auth, follow_redirects=True, trust_env=False) as client:
                    assert (await client.get(url)).status_code == 200

            asyncio.run(story())
    finally:
        for server in (friend, stranger):
            server.shutdown()
            server.server_close()
    assert at_friend[0]["authorization"] == f"DPoP {session.access_token}"
    assert "dpop" in at_friend[0]
    assert {"authorization", "dpop"}.isdisjoint(at_stranger[0])


def test_a_call_ahead_of_the_end_refreshes_first(kind: str, fake: FakeService, session: Session) -> None:
    fake.advance(LIFE - 31)
    call(kind, fake, session)
    assert fake.sessions[0].refreshes == 0
    fake.advance(2)
    assert call(kind, fake, session).status_code == 200
    assert fake.sessions[0].refreshes == 1


def test_a_stale_nonce_at_the_resource_is_ridden_over(kind: str, fake: FakeService, session: Session) -> None:
    call(kind, fake, session)
    fake.renew_nonces()
    assert call(kind, fake, session).status_code == 200
