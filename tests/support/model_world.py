# SPDX-License-Identifier: Apache-2.0
"""The real database beside the pure model of `support/model.py`: each act is done to both, and then they must agree."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import pytest

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import Grant
from counterfoil_service.core.pkce import WayHome
from counterfoil_service.operations.approve_login import Approval
from counterfoil_service.operations.describe_link import describe_link
from counterfoil_service.operations.disable_user import disable_user
from counterfoil_service.operations.enable_user import enable_user
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.open_link import OpenLink, open_link
from counterfoil_service.operations.refresh_session import RefreshSession, refresh_session
from counterfoil_service.operations.report_login import ReportLogin, report_login
from counterfoil_service.operations.revoke_token import RevokeToken, revoke_token
from counterfoil_service.operations.seal_events import seal_events
from support import acting
from support.model import Event, Model, ModelLogin
from support.stage import Stage
from support.way_home import LOOPBACK, VERIFIER, challenge_of

T = TypeVar("T")
KEYS = ["laptop", "tower", "tablet"]
ADDRESSES = ["ada@example.com", "bob@example.com"]
LEAPS = [0.000001, 1, 5, 20, 59.999999, 60, 61, 119.999999, 120, 300, 600]
OF_A_LOGIN = ("open", "approve", "miss", "reject", "report", "cancel", "steal", "collect", "here", "redeem")
OF_A_SESSION = ("refresh", "steal_token", "revoke", "reissue")
OF_A_PERSON = ("disable", "enable", "erase")
OF_NOBODY = ("ask", "sweep", "seal", "wait")
WAY_HOME = WayHome(LOOPBACK, "state", challenge_of(VERIFIER))


class Chance(Protocol):
    """Who decides: a seeded `random.Random`, or hypothesis."""

    def choice(self, options: Sequence[T], /) -> T:
        """One of them."""
        ...

    def randrange(self, stop: int, /) -> int:
        """From 0 to below `stop`."""
        ...


@dataclass
class World:
    """The database and the model, side by side."""

    stage: Stage
    chance: Chance
    model: Model
    begun: dict[str, acting.Begun] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)
    tokens: dict[str, list[str]] = field(default_factory=dict)
    replaced: dict[str, list[str]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    trail: list[str] = field(default_factory=list)
    seen: int = 0
    rows: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)

    async def act(self, action: str, latest: int = 3) -> None:
        """One act, on one of the `latest` logins where it is about one, then every comparison."""
        if action in OF_NOBODY:
            await self._compare(await getattr(self, f"_{action}")())
        elif action in OF_A_PERSON:
            address = self.chance.choice(self._rather(ADDRESSES, self._fit(action)))
            self.trail.append(f"{action} {address}")
            await self._compare(await self._administer(action, address))
        elif pool := self._pool(action)[-latest:]:
            login = self.model.logins[self.chance.choice(pool)]
            self.trail.append(f"{action} {login.id[-4:]} ({login.current(self.model.now)})")
            method: Callable[[ModelLogin], Awaitable[list[Event]]] = getattr(self, f"_{action}", None) or self._act(
                action
            )
            await self._compare(await method(login))

    def _pool(self, action: str) -> list[str]:
        if action not in OF_A_SESSION:
            return list(self.begun)
        held = list(self.tokens)
        return self._rather(held, [each for each in held if not self.model.logins[each].session_ended])

    def _fit(self, action: str) -> list[str]:
        """Whom an operator can do this to."""
        return sorted({"disable": self.model.known, "enable": self.model.disabled, "erase": self.model.met}[action])

    def _rather(self, everybody: list[str], some: list[str]) -> list[str]:
        """Of four times three where something can come of it."""
        return some if some and self.chance.randrange(4) else everybody

    async def _ask(self) -> list[Event]:
        key, address = self.chance.choice(KEYS), self.chance.choice(ADDRESSES)
        self.trail.append(f"ask {key} {address}")
        if not self.model.may_ask(key):
            before = await acting.snapshot(self.stage)
            with pytest.raises(Refusal) as caught:
                await acting.ask(self.stage, address, key)
            assert caught.value.code is ErrorCode.SLOW_DOWN
            assert 1 <= (caught.value.retry_after or 0) <= 60
            assert await acting.snapshot(self.stage) == before
            return []
        begun = await acting.ask(self.stage, address, key, way_home=WAY_HOME)
        self.begun[begun.login_id] = begun
        return self.model.ask(begun.login_id, key, address)

    async def _open(self, login: ModelLogin) -> list[Event]:
        view = await self.stage.database.read(describe_link, self.begun[login.id].secret, self.stage.clock())
        assert (view is not None) == (login.current(self.model.now) in {"pending", "approved"})
        if view is not None and view.login.state == "pending":
            await self.stage.database.write(open_link, OpenLink(view.login, acting.OPENER))
        return self.model.open(login)

    def _act(self, trigger: str) -> Callable[[ModelLogin], Awaitable[list[Event]]]:
        async def act(login: ModelLogin) -> list[Event]:
            begun = self.begun[login.id]
            verbs = {"approve": acting.approve, "miss": acting.miss, "reject": acting.reject}
            events = self.model.act(login, trigger)
            if trigger == "cancel":
                await acting.cancel(self.stage, begun, login.key)
                return events
            result: Any = await verbs[trigger](self.stage, begun)
            done = result is True or result in {Approval.APPROVED, Approval.MISSED, Approval.LOCKED}
            assert done == (events[0][0] != "login.illegal_transition")
            return events

        return act

    async def _steal(self, login: ModelLogin) -> list[Event]:
        await acting.cancel(self.stage, self.begun[login.id], "the thief's")
        return [("login.key_mismatch", login.id)]

    async def _collect(self, login: ModelLogin) -> list[Event]:
        expected, events = self.model.collect(login)
        result = await acting.collect_or_code(self.stage, self.begun[login.id], login.key)
        assert result is not None
        assert (result.value if isinstance(result, ErrorCode) else "tokens") == expected
        self._keep(login, result)
        return events

    async def _reissue(self, login: ModelLogin) -> list[Event]:
        """The answer to the poll that succeeded was lost."""
        return await self._collect(login)

    async def _here(self, login: ModelLogin) -> list[Event]:
        expected, events = self.model.here(login)
        code = await acting.here(self.stage, self.begun[login.id])
        assert (code is not None) == expected
        self.codes.setdefault(login.id, []).extend([] if code is None else [code])
        return events

    async def _redeem(self, login: ModelLogin) -> list[Event]:
        if not login.codes:
            return []
        number = self.chance.randrange(len(login.codes))
        expected, events = self.model.redeem(login, login.codes[number])
        result = await acting.redeem(self.stage, self.codes[login.id][number], login.key)
        assert (result.value if isinstance(result, ErrorCode) else "tokens") == expected
        self._keep(login, result)
        return events

    def _keep(self, login: ModelLogin, result: "Grant | ErrorCode") -> None:
        if isinstance(result, Grant) and result.refresh_token is not None:
            self.replaced.setdefault(login.id, []).extend(self.tokens.get(login.id, []))
            self.tokens[login.id] = [result.refresh_token]

    async def _refresh(self, login: ModelLogin) -> list[Event]:
        """Of four times one is by an older token, be it one that a repeated poll has replaced."""
        tokens, replaced = self.tokens[login.id], self.replaced.get(login.id, [])
        if replaced and self.chance.randrange(4) == 0:
            assert await self._renewed(replaced[-1], login.key) is None
            return []
        number = max(0, len(tokens) - 1 - self.chance.choice([0, 0, 0, 0, 1, 1, 2, 2]))
        expected, events = self.model.refresh(login, number)
        grant = await self._renewed(tokens[number], login.key)
        assert (grant is None) == (expected == "refused")
        if grant is not None and grant.refresh_token is not None:
            if number == len(tokens) - 1:
                tokens.append(grant.refresh_token)
            assert grant.refresh_token == tokens[number + 1]
        return events

    async def _renewed(self, token: str, key: str) -> Grant | None:
        proof = acting.proof_of(key)
        command = RefreshSession(token, acting.DESK_APP, proof, None, None, "192.0.2.10", "Desk/1.0", charged=True)
        try:
            return await self.stage.database.write(refresh_session, command)
        except Refusal as refusal:
            if refusal.code is not ErrorCode.INVALID_GRANT:
                raise
            return None

    async def _steal_token(self, login: ModelLogin) -> list[Event]:
        tokens = self.tokens[login.id]
        assert await self._renewed(self.chance.choice(tokens), "the thief's") is None
        return self.model.steal_token(login)

    async def _revoke(self, login: ModelLogin) -> list[Event]:
        tokens = self.tokens[login.id]
        token, proof = self.chance.choice(tokens), acting.proof_of(login.key)
        command = RevokeToken("desk-app", token, None, proof, "192.0.2.10", "Desk/1.0", charged=True)
        await self.stage.database.write(revoke_token, command)
        return self.model.revoke(login)

    async def _report(self, login: ModelLogin) -> list[Event]:
        events = self.model.report(login)
        command = ReportLogin(self.begun[login.id].secret, acting.OPENER)
        reported = await self.stage.database.write(report_login, command)
        assert (reported is None) == (events == [("login.illegal_transition", login.id)])
        return events

    async def _administer(self, action: str, address: str) -> list[Event]:
        verb: Any = {"disable": disable_user, "enable": enable_user, "erase": erase_user}[action]
        act = {"disable": self.model.disable, "enable": self.model.enable, "erase": self.model.erase}[action]
        possible = address in self._fit(action)
        events = act(address)
        try:
            await self.stage.database.write(verb, address)
        except Refusal:
            assert not possible
        else:
            assert possible
        if action == "erase":
            self.erased |= {each.id for each in self.model.logins.values() if each.address == address}
        return events

    async def _seal(self) -> list[Event]:
        """Every event that there is gets its place, and none twice."""
        self.trail.append("seal")
        sealed = await self.stage.database.write(seal_events, 100_000)
        assert (0 if sealed.checkpoint is None else sealed.checkpoint.size) == await self.stage.count("audit_events")
        return []

    async def _sweep(self) -> list[Event]:
        self.trail.append("sweep")
        await self.stage.sweep()
        return self.model.sweep()

    async def _wait(self) -> list[Event]:
        seconds = self.chance.choice(LEAPS)
        self.trail.append(f"wait {seconds}")
        self.stage.clock.advance(seconds)
        self.model.now = self.stage.clock()
        return []

    async def _compare(self, expected: list[Event]) -> None:
        since = "SELECT position, name, login_id FROM audit_events WHERE position > :seen ORDER BY position"
        written = await acting.query(self.stage, since, seen=self.seen)
        found: list[Event] = [row[1:] for row in written]
        assert Counter(found) == Counter(expected)
        if self.trail[-1].partition(" ")[0] not in IN_ANY_ORDER:
            assert found == expected
        self.seen = max([self.seen, *(row[0] for row in written)])
        rows = {row[0]: row for row in await self.stage.rows("SELECT * FROM logins")}
        moved = {login_id for name, login_id in expected if name not in STILL} | self.erased
        self.erased = set()
        for login_id, row in rows.items():
            assert row == self.rows.get(login_id, row) or login_id in moved, "a row changed without a transition"
        self.rows = rows
        for login in self.model.logins.values():
            self._compare_row(login, await acting.stored(self.stage, self.begun[login.id]))
        await self._compare_counts()
        self.reached |= {row[1] for row in written}

    def _compare_row(self, login: ModelLogin, row: Any) -> None:
        assert row.misses <= 3
        assert (row.session_id is None) == (login.state != "consumed")
        assert row.codes_minted == len(login.codes) <= 3
        assert (row.state, row.misses, row.decoy, row.expires_at, row.approved_at, row.completed_at) == (
            login.state,
            login.misses,
            int(login.decoy),
            login.expires,
            login.approved,
            login.completed,
        )

    async def _compare_counts(self) -> None:
        consumed = [each for each in self.model.logins.values() if each.state == "consumed"]
        assert await self.stage.count("outbox") == len(self.model.logins) + self.model.notices
        ended = await self.stage.rows("SELECT count(ended_at) FROM sessions")
        assert ended == [(sum(each.session_ended for each in consumed),)]
        assert await self.stage.count("devices") == len(self.model.devices)
        assert await self.stage.rows("SELECT count(*), count(DISTINCT login_id) FROM sessions") == [
            (len(consumed),) * 2
        ]
        current = await self.stage.rows("SELECT session_id FROM refresh_tokens WHERE state = 'current'")
        assert len(current) == len(set(current)) == sum(not each.session_ended for each in consumed)
        assert await self.stage.count("users") == len(self.model.known)


STILL = {"login.link_opened", "login.illegal_transition", "login.key_mismatch", "login.reissued"}
STILL |= {"session.reuse_detected", "session.ended", "session.refreshed", "session.key_mismatch"}
"""Events that leave the row as it is, byte for byte."""
IN_ANY_ORDER = {"sweep", "report", "disable", "erase"}
"""Acts that end several things by one write."""

REACHED = {
    "login.requested", "login.superseded", "login.link_opened", "login.code_mismatch", "login.locked", "login.approved",
    "login.denied", "login.cancelled", "login.expired", "login.completed", "login.reissued", "login.key_mismatch",
    "login.illegal_transition", "mail.queued", "mail.suppressed", "session.created", "user.created", "user.verified",
    "device.first_seen", "login.code_issued", "session.reuse_detected", "session.ended", "session.refreshed",
    "session.key_mismatch", "login.reported", "device.forgotten", "user.disabled", "user.enabled", "user.erased",
}  # fmt: skip
"""What there is to meet."""


async def emptied(stage: Stage) -> None:
    """As it was before anybody asked for anything."""
    for table in acting.TABLES:
        if table not in {"applications", "secrets", "signing_keys"}:
            await acting.execute(stage, f"DELETE FROM {table}")  # noqa: S608 - our own names
    await acting.execute(stage, """UPDATE applications SET redirect_uris = '["http://127.0.0.1/callback"]'""")
