# SPDX-License-Identifier: Apache-2.0
"""How far logins come: of those that were asked for, how many took each further step."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from counterfoil_service.core.audit_event import EventName

STEPS: Final[Mapping[str, tuple[EventName, ...]]] = {
    "asked": (EventName.LOGIN_REQUESTED,),
    "mailed": (EventName.MAIL_SENT,),
    "delivered": (EventName.MAIL_DELIVERED,),
    "opened": (EventName.LOGIN_LINK_OPENED,),
    "approved": (EventName.LOGIN_APPROVED, EventName.LOGIN_CODE_ISSUED),
    "collected": (EventName.LOGIN_COMPLETED,),
}
"""Each step, and the events of which the first one takes it. A browser that is sent home with a code was told yes."""


class FunnelStep(msgspec.Struct, frozen=True):
    """`logins` took this step. The shares are of those of the step before, and of those that were asked for.

    None where there is nothing to be a share of. One above 1 happens: steps of a login may fall on both sides of
    where counting begins, and digits of a mail are approved without its link being opened.
    """

    name: str
    logins: int
    of_before: float | None
    of_asked: float | None


def funnel(logins: Mapping[str, int], left_out: Iterable[str] = ()) -> list[FunnelStep]:
    """`logins`: by the name of an event, of how many logins it was the first. `left_out`: what nobody tells."""
    steps, without = list[FunnelStep](), set(left_out)
    for name, events in STEPS.items():
        if name in without:
            continue
        count = sum(logins.get(event.value, 0) for event in events)
        before, asked = (steps[-1].logins, steps[0].logins) if steps else (0, 0)
        steps.append(FunnelStep(name, count, _share(count, before), _share(count, asked)))
    return steps


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
