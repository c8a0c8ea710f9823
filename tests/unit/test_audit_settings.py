# SPDX-License-Identifier: Apache-2.0
"""The settings of the audit log: sinks, witnesses, delays and retentions, with no secret in any error."""

import pytest

from counterfoil_service.settings import Settings, SettingsError, load
from counterfoil_service.settings.sinks import read_sinks
from counterfoil_service.settings.witnesses import Witness, read_witnesses

GOOD = {"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY": "5e" * 32}
KEY = "whsec_" + "c2VjcmV0" * 4
HOOK = f"https://siem.example/events?tenant=7#{KEY}"
TLS, TCP = "syslog+tls://logs.example?enterprise=4242", "syslog+tcp://127.0.0.1:1514?enterprise=4242"
VKEY = "witness.example+1a2b3c4d+BAECAwQ="


def loaded(**variables: str) -> Settings:
    return load(GOOD | {f"COUNTERFOIL_{name}": value for name, value in variables.items()})


def problem(**variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(**variables)
    (only,) = caught.value.problems
    return only


def test_without_any_everything_is_kept_and_nobody_is_told() -> None:
    made = loaded()
    assert (made.audit_delay, made.audit_retention, made.login_retention) == (2, None, 30 * 86_400)
    assert (made.audit_sinks, made.audit_witnesses) == ((), ())


def test_sinks_are_read_and_named_without_their_keys() -> None:
    hook, tls, tcp = read_sinks(f"{HOOK}, {TLS},{TCP}")
    assert (hook.kind, hook.name, hook.host, hook.port, hook.tls) == (
        *("webhook", "https://siem.example/events?tenant=7", "siem.example", 443, True),
    )
    assert hook.key is not None
    assert hook.key.reveal() == KEY
    assert KEY not in repr(hook)
    assert (tls.kind, tls.host, tls.port, tls.tls, tls.enterprise) == ("syslog", "logs.example", 6514, True, 4242)
    assert (tcp.host, tcp.port, tcp.tls) == ("127.0.0.1", 1514, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://siem.example/events", "#whsec_"),
        ("https://siem.example/events#" + KEY[:20], "#whsec_"),
        ("https://siem.example/events#whsec_!!!!", "#whsec_"),
        ("https://siem.example/events#" + KEY.removeprefix("whsec_"), "#whsec_"),
        ("http://siem.example/events#" + KEY, "http is for loopback"),
        ("https://me:hunter2@siem.example/#" + KEY, "without a user"),
        ("https:///events#" + KEY, "with a host"),
        ("ftp://siem.example/#" + KEY, "syslog+tls://"),
        ("syslog+tls://logs.example", "enterprise"),
        ("syslog+tls://logs.example?enterprise=0", "enterprise"),
        ("syslog+tls://logs.example?enterprise=42&x=1", "enterprise"),
        ("syslog+tls://logs.example/path?enterprise=42", "enterprise"),
        ("syslog+tls://logs.example:99999?enterprise=42", "not a URL"),
        (f"{HOOK},{HOOK}", "once"),
        (f"{HOOK},https://siem.example/events?tenant=7#{KEY}", "once"),
    ],
)
def test_a_sink_that_cannot_be_read_is_refused_without_showing_it(text: str, said: str) -> None:
    told = problem(AUDIT_SINKS=text)
    assert said in told.partition(". Such as")[0]
    for secret in (KEY, KEY[6:26], "hunter2"):
        assert secret not in told


def test_witnesses_are_pairs_of_key_and_url() -> None:
    two = read_witnesses(f"{VKEY} https://one.example/w/, w2+00000000+BA== http://127.0.0.1:8080")
    assert two == (Witness(VKEY, "https://one.example/w"), Witness("w2+00000000+BA==", "http://127.0.0.1:8080"))
    assert two[0].name == "witness.example"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (VKEY, "a key and a URL"),
        (f"{VKEY} https://one.example x", "a key and a URL"),
        (f"{VKEY} http://one.example", "https"),
        (f"{VKEY} https://one.example?x=1", "without query"),
        (f"{VKEY} https://u:p@one.example", "without query"),
        (f"{VKEY} https://one.example,{VKEY} https://two.example", "once"),
    ],
)
def test_a_witness_that_cannot_be_read_is_refused(text: str, said: str) -> None:
    assert said in problem(AUDIT_WITNESSES=text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUDIT_DELAY", "0"),
        ("AUDIT_DELAY", "61"),
        ("AUDIT_RETENTION", "86400"),
        ("LOGIN_RETENTION", "3600"),
        ("LOGIN_RETENTION", "-1"),
    ],
)
def test_a_time_out_of_its_range_is_refused(name: str, value: str) -> None:
    assert "must be whole seconds" in problem(**{name: value})
