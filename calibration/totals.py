# SPDX-License-Identifier: Apache-2.0
"""False alarms and misses of the whole list, of the half that the weights were chosen on, and of the other."""

from collections.abc import Sequence
from statistics import fmean

from calibration.events import Group
from calibration.tally import Row, Thresholds, of, rate
from counterfoil_service.core.evidence import Band

HONEST = (Group.ORDINARY, Group.UPHEAVAL)
ALARMS = (Band.NOTIFY, Band.FRESH)

QUESTIONS: dict[str, tuple[tuple[Group, ...], tuple[Band, ...]]] = {
    "false alarms: honest, notify": (HONEST, (Band.NOTIFY,)),
    "false alarms: honest, fresh": (HONEST, (Band.FRESH,)),
    "of these in ordinary life, notify or fresh": ((Group.ORDINARY,), ALARMS),
    "noticed: hostile, notify": ((Group.HOSTILE,), (Band.NOTIFY,)),
    "noticed: hostile, fresh": ((Group.HOSTILE,), (Band.FRESH,)),
    "misses: hostile, normal": ((Group.HOSTILE,), (Band.NORMAL,)),
}

NOTHING_DIFFERS = "of these, nothing differs (score 100)"
PERFECT = 100

NORMAL_FROM_SWEEP = (75, 78, 80, 82)
NOTIFY_FROM_SWEEP = (55, 60, 65, 70)


def answers(among: Sequence[Row]) -> dict[str, float]:
    """A rate for each question, and how many of the misses no weights could mend."""
    found = {question: rate(of(among, *groups), *bands) for question, (groups, bands) in QUESTIONS.items()}
    hostile = of(among, Group.HOSTILE)
    found[NOTHING_DIFFERS] = fmean(row.scores.count(PERFECT) / len(row.scores) for row in hostile)
    return found


def normal_sweep(among: Sequence[Row]) -> list[dict[str, float]]:
    """What another NORMAL_FROM would do: who is alarmed, who is missed."""
    return [
        {
            "normal_from": value,
            "ordinary life, alarmed": _rate(among, Thresholds(normal_from=value), Group.ORDINARY, *ALARMS),
            "other part, alarmed": _rate(among, Thresholds(normal_from=value), Group.UPHEAVAL, *ALARMS),
            "hostile, missed": _rate(among, Thresholds(normal_from=value), Group.HOSTILE, Band.NORMAL),
        }
        for value in NORMAL_FROM_SWEEP
    ]


def notify_sweep(among: Sequence[Row]) -> list[dict[str, float]]:
    """What another NOTIFY_FROM would do: who must sign in again."""
    left_out = [row for row in among if row.event == "fingerprint left out"]
    return [
        {
            "notify_from": value,
            "other part, fresh": _rate(among, Thresholds(notify_from=value), Group.UPHEAVAL, Band.FRESH),
            "hostile, fresh": _rate(among, Thresholds(notify_from=value), Group.HOSTILE, Band.FRESH),
            "fingerprint left out": rate(left_out, Band.FRESH, thresholds=Thresholds(notify_from=value)),
        }
        for value in NOTIFY_FROM_SWEEP
    ]


def _rate(among: Sequence[Row], thresholds: Thresholds, group: Group, *bands: Band) -> float:
    return rate(of(among, group), *bands, thresholds=thresholds)
