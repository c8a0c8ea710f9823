# SPDX-License-Identifier: Apache-2.0
"""`doctor` asks a real name server on loopback about the sender, and says so where none answers."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.rcode
import pytest

from counterfoil_service.cli import doctor_mail
from counterfoil_service.cli.doctor_mail import check_dns
from counterfoil_service.core.mail_dns import Judgement
from counterfoil_service.settings import Secret, Settings
from support.dns_server import DnsServer
from support.stage import settings_for
from support.zone import base64_of, rsa_key

MINE = "mail.counterfoil-shop.net"
ZONE = {
    MINE: ["verification=abc", "v=spf1 include:relay.counterfoil-shop.net -all"],
    "relay.counterfoil-shop.net": "v=spf1 ip4:192.0.2.0/24 ~all",
    f"s1._domainkey.{MINE}": f"v=DKIM1; k=rsa; p={base64_of(rsa_key(4096))}",
    "_dmarc.counterfoil-shop.net": "v=DMARC1; p=reject; rua=mailto:dmarc@counterfoil-shop.net",
}


def sender(folder: Path, **changes: Any) -> Settings:
    values = {"mail_url": Secret("smtp://127.0.0.1:25"), "mail_from": f"Shop <sign-in@{MINE}>", "dkim_selector": "s1"}
    return settings_for(f"sqlite:///{folder}/x.db", folder, **(values | changes))


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(ZONE) as running:
        yield running


def verdicts(found: list[Judgement]) -> list[tuple[str, str]]:
    return [(each.subject, each.verdict) for each in found]


async def test_a_healthy_sender_is_found_to_be_so_over_the_wire(server: DnsServer, tmp_path: Path) -> None:
    found = await check_dns(sender(tmp_path), server.address)
    assert verdicts(found) == [("SPF", "ok"), ("DKIM", "ok"), ("DMARC", "ok"), ("alignment", "ok")]
    assert "4096 bits" in found[1].text, "a key in several strings is one key"
    assert server.asked == [
        *(MINE, "relay.counterfoil-shop.net"),
        *(f"_dmarc.{MINE}", "_dmarc.counterfoil-shop.net", "_dmarc.net"),
        f"s1._domainkey.{MINE}",
    ]


async def test_names_that_do_not_exist_are_no_trouble_of_the_resolver(server: DnsServer, tmp_path: Path) -> None:
    found = await check_dns(sender(tmp_path, mail_from="a@nobody-here.net"), server.address)
    assert verdicts(found) == [("SPF", "warning"), ("DKIM", "error"), ("DMARC", "warning"), ("alignment", "warning")]


@pytest.mark.parametrize("target", ["a..b", "x" * 64 + ".net", "a.net" + ".b" * 130, "b\u00fccher.net", "\u2028.net"])
async def test_a_name_that_can_be_none_is_like_one_that_is_not_there(
    server: DnsServer, tmp_path: Path, target: str
) -> None:
    server.zone = ZONE | {MINE: f"v=spf1 include:{target} -all"}
    found = await check_dns(sender(tmp_path), server.address)
    assert verdicts(found)[0] == ("SPF", "error")
    assert found[0].text.isprintable()


@pytest.mark.parametrize("trouble", ["silent", "servfail", "refused", "closed"])
async def test_a_resolver_that_does_not_answer_is_one_warning(
    server: DnsServer, tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_mail, "LOOK_UP_SECONDS", 0.3)
    server.silent = trouble == "silent"
    server.rcode = {"servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED}.get(trouble)
    address = server.address
    if trouble == "closed":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            address = gone.getsockname()
    ((subject, verdict),) = verdicts(found := await check_dns(sender(tmp_path), address))
    assert (subject, verdict) == ("DNS", "warning")
    assert "no resolver answers" in found[0].text
    assert MINE in found[0].text


async def test_a_resolver_that_is_slow_each_time_is_left_at_the_end_of_all_the_time_there_is(
    server: DnsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_mail, "DNS_SECONDS", 0.2)
    server.silent = True
    (only,) = await check_dns(sender(tmp_path), server.address)
    assert (only.verdict, "too slow" in only.text) == ("warning", True)


@pytest.mark.parametrize("mail_from", ["a@localhost", "a@id.example", "a@127.0.0.1", ""])
async def test_a_domain_of_this_machine_alone_is_asked_about_nowhere(
    server: DnsServer, tmp_path: Path, mail_from: str
) -> None:
    (only,) = await check_dns(sender(tmp_path, mail_from=mail_from), server.address)
    assert (only.subject, only.verdict) == ("DNS", "ok")
    assert server.asked == []


@pytest.mark.parametrize("mail_url", ["none:", "console:", "file:mail"])
async def test_where_no_mail_leaves_nobody_is_asked(server: DnsServer, tmp_path: Path, mail_url: str) -> None:
    assert await check_dns(sender(tmp_path, mail_url=Secret(mail_url)), server.address) == []
    assert server.asked == []
