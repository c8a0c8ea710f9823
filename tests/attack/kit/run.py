# SPDX-License-Identifier: Apache-2.0
"""Try attacks one after another; whatever an attack does not understand is told, and never taken for a guard."""

import asyncio
import time
from collections.abc import Callable, Iterable

from attack.kit.scan import Attack
from attack.kit.target import Target
from attack.kit.verdict import Broke, Finding, Needs, Undefended, Verdict

_LONGEST = 600
"""Seconds for one attack, waiting for budgets included."""


async def run(
    target: Target, chosen: Iterable[Attack], told: Callable[[Attack], None] = lambda _: None
) -> list[Finding]:
    """What came of each; `told` hears which one begins."""
    found = []
    for each in chosen:
        told(each)
        found.append(await _one(target, each))
    return found


async def _one(target: Target, attack: Attack) -> Finding:
    began = time.monotonic()
    try:
        async with asyncio.timeout(_LONGEST):
            evidence = await attack.run(target)
        verdict = Verdict.UNDEFENDED if isinstance(evidence, Undefended) else Verdict.HELD
    except Broke as broke:
        verdict, evidence = Verdict.BROKE, str(broke)
    except Needs as needs:
        verdict, evidence = Verdict.NOT_TRIED, f"needs {needs}"
    except Exception as error:  # noqa: BLE001 - an attack may meet anything at somebody else's deployment
        verdict, evidence = Verdict.FAILED, f"{type(error).__name__}: {error}"
    return Finding(attack.row, attack.name, attack.title, verdict, evidence, time.monotonic() - began)
