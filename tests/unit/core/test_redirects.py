# SPDX-License-Identifier: Apache-2.0
"""Where a browser may be sent: hostile targets by the file, random ones by the thousand, and the few that are right."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil_service.core import redirects
from counterfoil_service.core.errors import ErrorCode, Refusal

REGISTERED = (
    "https://app.example/callback",
    "http://127.0.0.1/callback",
    "http://[::1]/callback",
    "com.example.app:/callback",
)


def hostile() -> list[tuple[str, str]]:
    """The corpus: targets, and a word of the rule that has to refuse each."""
    lines = Path(__file__).with_name("hostile_redirects.txt").read_text("utf-8").splitlines()
    pairs = [line.rsplit("\t", 1) for line in lines if line and not line.startswith("#")]
    return [(written.encode("ascii").decode("unicode_escape"), rule) for written, rule in pairs]


def refusal(uri: str, registered: tuple[str, ...] = REGISTERED) -> str:
    """The rule that refuses it."""
    with pytest.raises(Refusal) as caught:
        redirects.match(registered, uri)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert caught.value.description.startswith("redirect_uri: ")
    return caught.value.description


@pytest.mark.parametrize(("uri", "rule"), hostile())
def test_a_hostile_target_is_refused_by_the_rule_that_it_breaks(uri: str, rule: str) -> None:
    description = refusal(uri)
    assert rule in description
    assert len(uri) < 8 or uri not in description, "a page or log would show it"


@pytest.mark.parametrize(("uri", "rule"), [pair for pair in hostile() if pair[1] != "registered"], ids=repr)
def test_what_breaks_a_rule_of_spelling_cannot_be_registered_either(uri: str, rule: str) -> None:
    with pytest.raises(Refusal, match=rule.replace(".", r"\.")):
        redirects.check_registration(uri)
    # A row that some other hand wrote grants nothing either.
    assert rule in refusal(uri, (uri,))


def test_the_corpus_is_not_empty_and_no_line_stands_twice() -> None:
    targets = [uri for uri, _ in hostile()]
    assert len(targets) > 150
    assert len(set(targets)) == len(targets)


@pytest.mark.parametrize(
    "uri",
    [
        *REGISTERED,
        "https://app.example/callback?kept=1&too=%20",
        "https://app.example:8443/",
        "https://xn--bcher-kva.example/zur%C3%BCck",
        "https://192.0.2.1/callback",
        "https://[2001:db8::1]:8443/callback",
        "https://single/~me/a.b/$&'()*+,;=:@",
        "http://127.0.0.1:8000/",
        "com.example.app://auth.example/callback",
        "com.example.app:/open?item=1",
        "org.example-1.app-2:/a/b.c",
    ],
)
def test_a_target_in_its_normal_form_may_be_registered_and_asked_for(uri: str) -> None:
    redirects.check_registration(uri)
    assert redirects.match((uri,), uri) == uri
    registered_alone = "it must be registered"
    assert registered_alone in refusal(uri, ())


@pytest.mark.parametrize("port", ["1", "80", "4000", "49152", "65535"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("registered", ["", ":8000"])
def test_the_port_of_a_loopback_address_is_free_whether_registered_with_one_or_not(
    host: str, port: str, registered: str
) -> None:
    known = f"http://{host}{registered}/callback"
    for asked in (f"http://{host}:{port}/callback", f"http://{host}/callback"):
        assert redirects.match((known,), asked) == asked
    assert "registered" in refusal(f"http://{host}:{port}/callback?x", (known,))


def test_one_loopback_address_does_not_stand_for_the_other() -> None:
    assert "registered" in refusal("http://[::1]:4000/callback", ("http://127.0.0.1/callback",))
    assert "registered" in refusal("http://127.0.0.1:4000/callback", ("http://[::1]/callback",))


def test_the_port_of_no_other_address_is_free() -> None:
    assert "registered" in refusal("https://app.example:8443/callback", ("https://app.example/callback",))
    assert "registered" in refusal("https://127.0.0.1:8443/callback", ("https://127.0.0.1/callback",))


@pytest.mark.parametrize(
    "query", ["item=42&y=%20", "a", "=", "?", "a=/?:@!$&'()*+,;", "%C3%BC", "codes=1&mycode=2", "a&&b"]
)
def test_a_deep_link_may_bring_a_query_along_that_comes_back_byte_for_byte(query: str) -> None:
    uri = f"com.example.app:/callback?{query}"
    assert redirects.match(REGISTERED, uri) == uri
    target = redirects.respond(uri, code="C", state="S", iss="https://id.example")
    assert target == f"{uri}&code=C&state=S&iss=https%3A%2F%2Fid.example"


def test_a_deep_link_registered_with_a_query_takes_no_other() -> None:
    registered = ("com.example.app:/open?item=1",)
    assert redirects.match(registered, registered[0]) == registered[0]
    for other in ("com.example.app:/open", "com.example.app:/open?item=2", "com.example.app:/open?item=1&x=2"):
        assert "registered" in refusal(other, registered)


def test_a_target_that_is_too_long_is_refused() -> None:
    longest = "com.example.app:/callback?" + "x" * (redirects.MAX_URI - 26)
    assert redirects.match(REGISTERED, longest) == longest
    assert "2048" in refusal(longest + "x")


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("https://app.example/callback?kept=1", "https://app.example"),
        ("https://app.example:8443/", "https://app.example:8443"),
        ("http://127.0.0.1:49152/callback", "http://127.0.0.1:49152"),
        ("http://127.0.0.1/callback", "http://127.0.0.1"),
        ("http://[::1]:49152/callback", None),
        ("https://[2001:db8::1]/callback", None),
        ("com.example.app:/callback", None),
        ("com.example.app://host/callback", None),
    ],
)
def test_a_policy_names_the_origin_of_the_target_where_it_can(uri: str, target: str | None) -> None:
    assert redirects.form_target(uri) == target


def test_an_error_goes_the_same_way_and_what_is_not_there_is_left_out() -> None:
    target = redirects.respond(
        "https://app.example/callback", error="login_required", state=None, iss="https://i.example"
    )
    assert target == "https://app.example/callback?error=login_required&iss=https%3A%2F%2Fi.example"


PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
PIECES = [
    *("https:", "http:", "com.example.app:", "//", "/", "\\", "@", "#", "?", "&", ":", ".", "..", "%2e", "%2f", "%"),
    *("app.example", "127.0.0.1", "[::1]", "localhost", "callback", "code=", "x=1", "A", "\n", "é", "443", "0", ";"),
]
URI_LIKE = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@given(URI_LIKE)
@example("http://[::1]:1/callback")
@example("com.example.app:/callback?x")
def test_only_what_is_registered_passes_but_for_a_port_and_a_deep_links_query(uri: str) -> None:
    try:
        passed = redirects.match(REGISTERED, uri)
    except Refusal:
        return
    assert passed == uri
    parts = urlsplit(uri)
    if parts.scheme == "http":
        assert parts.hostname in {"127.0.0.1", "::1"}
        assert (parts.path, parts.query, parts.fragment, parts.username) == ("/callback", "", "", None)
    elif parts.scheme == "com.example.app":
        assert uri.partition("?")[0] == REGISTERED[3]
    else:
        assert uri == REGISTERED[0]


@given(
    st.sampled_from(REGISTERED), st.integers(0, 40), st.characters(), st.sampled_from(["insert", "replace", "delete"])
)
def test_one_character_off_is_another_place(uri: str, index: int, character: str, change: str) -> None:
    at = index % (len(uri) + 1)
    kept = uri[at:] if change == "insert" else uri[at + 1 :]
    changed = uri[:at] + ("" if change == "delete" else character) + kept
    if changed != uri:
        assert refusal(changed, (uri,))


@given(PRINTABLE, PRINTABLE, st.sampled_from([*REGISTERED, "com.example.app:/a?x=1&y=%20", "https://a.example/?q"]))
def test_what_is_sent_begins_with_the_target_and_can_be_read_back(code: str, state: str, uri: str) -> None:
    target = redirects.respond(uri, code=code, state=state, iss="https://id.example/path")
    assert target.startswith(uri + ("&" if "?" in uri else "?"))
    assert target.isascii()
    assert not set(target) & set("\r\n \"'<>\\#")
    sent = [("code", code), ("state", state), ("iss", "https://id.example/path")]
    assert parse_qsl(target.partition("?")[2], keep_blank_values=True)[-3:] == sent
    before, after = urlsplit(uri), urlsplit(target)
    assert (after.scheme, after.netloc, after.path, after.fragment) == (before.scheme, before.netloc, before.path, "")
