# SPDX-License-Identifier: Apache-2.0
"""What the first page is made of, from counts: the funnel, the plot, mail providers, witnesses. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.funnel import FunnelStep, funnel
from counterfoil_service.db.event_counts import Bar
from counterfoil_service.operations.describe_overview import Overview, OverviewWindow
from counterfoil_service.settings.witnesses import Witness
from counterfoil_service.web.console.plots import Column, Plot, plot_columns, stretch_words

_OF_MAIL: Final = (
    EventName.MAIL_SENT,
    EventName.MAIL_DELIVERED,
    EventName.MAIL_DEFERRED,
    EventName.MAIL_FAILED,
    EventName.MAIL_BOUNCED,
    EventName.MAIL_COMPLAINED,
)
_REPORTED: Final = (EventName.MAIL_DELIVERED, EventName.MAIL_BOUNCED, EventName.MAIL_COMPLAINED)
_SECOND: Final = 1_000_000
_MINUTE: Final = 60
_HOUR: Final = 3_600


class Misses(msgspec.Struct, frozen=True):
    """Wrong codes that left tries, and logins that ended by the last one."""

    mismatches: int
    locked: int


class ProviderRow(msgspec.Struct, frozen=True):
    """What became of mail at one provider; `resting`: this process asks others first. None for one it does not use.

    `name` is empty for mail that no provider took.
    """

    name: str
    resting: bool | None
    sent: int
    delivered: int
    deferred: int
    failed: int
    bounced: int
    complained: int


class WitnessRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a witness stands: how many entries it cosigned, and when (microseconds UTC); None for never."""

    name: str
    configured: bool
    size: int | None
    time: int | None


def steps_of(overview: Overview, *, reports: bool) -> list[FunnelStep]:
    """The funnel; without reports of providers nobody knows what was delivered."""
    logins = Counter[str]()
    for total in overview.totals:
        logins[total.name] += total.logins
    return funnel(logins, () if reports else ("delivered",))


def has_reports(overview: Overview) -> bool:
    """Whether a provider told what became of mail, whatever the settings say by now."""
    return any(total.name in _REPORTED and total.events for total in overview.totals)


def misses_of(overview: Overview) -> Misses:
    """Counted by events: each wrong code is one."""
    events = Counter[str]()
    for total in overview.totals:
        events[total.name] += total.events
    return Misses(events[EventName.LOGIN_CODE_MISMATCH], events[EventName.LOGIN_LOCKED])


def plot_of(overview: Overview, window: OverviewWindow) -> Plot:
    """A column for each bar of the window, also for the one that is under way."""
    return plot_columns([_column(bar, window.width) for bar in overview.ends], window.width)


def _column(bar: Bar, width: int) -> Column:
    name = f"{stretch_words(bar.start, width)}: {bar.successes:,} collected, {bar.failures:,} denied, locked or expired"
    return Column(start=bar.start, good=bar.successes, bad=bar.failures, name=name)


def providers_of(overview: Overview, circuits: Sequence[tuple[str, bool]]) -> list[ProviderRow]:
    """Those that are set up, in their order, then whoever else is counted; mail without a provider comes last."""
    events = Counter[tuple[str, str]]()
    for total in overview.totals:
        if total.name in _OF_MAIL:
            events[total.provider, total.name] += total.events
    resting = dict(circuits)
    others = sorted({provider for provider, _ in events} - resting.keys(), key=lambda name: (not name, name))
    return [
        ProviderRow(name, resting.get(name), *(events[name, event] for event in _OF_MAIL))
        for name in [*resting, *others]
    ]


def witnesses_of(overview: Overview, configured: Sequence[Witness]) -> list[WitnessRow]:
    """Those of the settings, then those that cosigned once and are in them no more."""
    cosigned = {each.witness: each for each in overview.cosigned}
    rows = []
    for witness in configured:
        by = cosigned.pop(witness.vkey, None)
        size, time = (None, None) if by is None else (by.size, by.time)
        rows.append(WitnessRow(name=witness.name, configured=True, size=size, time=time))
    former = (
        WitnessRow(name=key.partition("+")[0], configured=False, size=by.size, time=by.time)
        for key, by in cosigned.items()
    )
    return [*rows, *former]


def duration_words(microseconds: int) -> str:
    """`41 s`, `3 min 20 s`, `1 h 5 min`."""
    seconds = max(0, round(microseconds / _SECOND))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE} s"
    return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"
