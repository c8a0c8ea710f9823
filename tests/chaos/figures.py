# SPDX-License-Identifier: Apache-2.0
"""What a run found, fault by fault: as a table, and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from chaos.verdict import Verdict

_HEAD = (
    *("fault", "lasted", "logins", "answers", "lost", "doubled", "wrong", "ended", "longest silence", "back after"),
    *("under way", "memory", "descriptors"),
)


@dataclass
class Row:
    """One fault; times in seconds, memory in MiB.

    `logins` were begun from the fault's first moment on, `answers` are those with 200. `silence` is the longest time in
    which nobody got one; `back_after` the time from the mending until somebody was signed in who began after it.
    `under_way` are logins that had not ended when the books were read: they are held to account later. `memory` and
    `descriptors` are the most that a process held beyond its beginning. `complaints` are about the log and processes.
    """

    fault: str
    began: float
    lasted: float = 0
    logins: int = 0
    answers: int = 0
    silence: float = 0
    back_after: float = 0
    under_way: int = 0
    memory: float = 0
    descriptors: int = 0
    verifications: int = 1
    verdict: Verdict = field(default_factory=Verdict)
    complaints: list[str] = field(default_factory=list)
    not_tried: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return self.verdict.is_good and not self.complaints

    @property
    def cells(self) -> list[str]:
        """For a table."""
        if self.not_tried:
            return [self.fault, f"not tried: needs {self.not_tried}", *[""] * (len(_HEAD) - 2)]
        found = self.verdict
        counts = (
            self.logins,
            self.answers,
            len(found.lost),
            len(found.doubled),
            len(found.wrong) + len(self.complaints),
            len(found.ended),
        )
        return [
            *(
                self.fault,
                f"{self.lasted:.1f} s",
                *map(str, counts),
                f"{self.silence:.1f} s",
                f"{self.back_after:.1f} s",
            ),
            *(str(self.under_way), f"{self.memory:+.0f} MiB", f"{self.descriptors:+d}"),
        ]


def table(rows: Sequence[Row]) -> str:
    """In Markdown."""
    lines = [list(_HEAD), ["---"] * len(_HEAD), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def found(rows: Sequence[Row]) -> list[str]:
    """Every sentence about something that is wrong."""
    return [
        f"{row.fault}: {sentence}"
        for row in rows
        for sentence in (*row.verdict.lost, *row.verdict.doubled, *row.verdict.wrong, *row.complaints)
    ]


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """For a program."""
    return [asdict(row) for row in rows]
