# SPDX-License-Identifier: Apache-2.0
"""How far a verification came, kept in a file so that the next one goes on there.

Whoever can write to the file can have entries passed over: it belongs where the checkpoints are kept. Its checksum is
against damage, not against them.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from counterfoil_service.audit.evidence import AlteredError
from counterfoil_service.audit.files import write_whole
from counterfoil_service.audit.pruning import Pruning
from counterfoil_service.audit.verify import Progress
from counterfoil_service.core.canonical_json import canonical
from counterfoil_service.core.checkpoint import Checkpoint
from counterfoil_service.core.growing_root import GrowingRoot
from counterfoil_service.core.leaf import rfc3339

_MAX_BYTES: Final = 16 << 20


class ResumeError(Exception):
    """The file does not fit; says why and what to do."""


class Subject(NamedTuple):
    """What is verified: where it lies, by which key, and the checkpoints that were kept elsewhere."""

    source: str
    key: str
    against: Sequence[Checkpoint]


class _State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file; `edge` and roots are in hex, `sha256` is that of all else in canonical JSON."""

    v: Literal[1]
    source: str
    key: str
    time: str
    size: int
    edge: list[str]
    sound: int
    pruning: Pruning
    against: dict[str, str]
    sha256: str


class Resume:
    """One file, of one subject."""

    def __init__(self, path: Path, subject: Subject) -> None:
        self._path, self._subject = path, subject
        self._against = {str(each.size): each.root.hex() for each in subject.against}

    def load(self, total: int) -> Progress | None:
        """Where to go on, None where there is no file yet; `total` is the size of the newest checkpoint.

        Raises ResumeError, and AlteredError for a checkpoint that contradicts one that was verified earlier.
        """
        try:
            with self._path.open("rb") as file:
                state, progress = _read(file.read(_MAX_BYTES), self._path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ResumeError(f"{self._path} cannot be read ({error.strerror}): name a file of yours") from None
        self._check(state, total)
        self._against = state.against | self._against
        return progress

    def save(self, progress: Progress, now: int) -> None:
        """Replace the file; `now` is in microseconds UTC. Raises ResumeError."""
        state = {
            "v": 1,
            "source": self._subject.source,
            "key": self._subject.key,
            "time": rfc3339(now),
            "size": progress.size,
            "edge": [each.hex() for each in progress.edge],
            "sound": progress.sound,
            "pruning": msgspec.to_builtins(progress.pruning),
            "against": {size: root for size, root in self._against.items() if int(size) <= progress.size},
        }
        try:
            write_whole(self._path, _spelt(state))
        except OSError as error:
            raise ResumeError(f"{self._path} cannot be written ({error.strerror}): name a file of yours") from None

    def _check(self, state: _State, total: int) -> None:
        subject, file = self._subject, self._path
        if state.source != subject.source:
            raise ResumeError(f"{file} is of a verification of {state.source}, not of {subject.source}: name another")
        if state.key != subject.key:
            raise ResumeError(f"{file} is of the log with the key {state.key}, not of this one: name another")
        if state.size > total:
            raise ResumeError(
                f"{file} says that {state.size} entries were verified, but the newest checkpoint covers {total}:"
                " the log was cut since, or it is another one"
            )
        for size, root in self._against.items():
            known = state.against.get(size)
            if known is not None and known != root:
                raise AlteredError(f"two checkpoints of size {size} have different roots: the log was forked")
            if known is None and int(size) < state.size:
                raise ResumeError(
                    f"{file} has gone past the checkpoint of size {size}, which was no part of that verification:"
                    " verify once without --resume, or with a new file"
                )


def _read(data: bytes, path: Path) -> tuple[_State, Progress]:
    try:
        state = msgspec.json.decode(data, type=_State)
        if _spelt(msgspec.to_builtins(state)) != data:
            raise ValueError("the checksum does not fit, or something is spelt otherwise")  # noqa: TRY301 - one answer to every damage
        edge = tuple(bytes.fromhex(each) for each in state.edge)
        GrowingRoot(state.size, edge)
    except (msgspec.MsgspecError, ValueError):
        raise ResumeError(f"{path} is damaged, or was not written by --resume: remove it to begin anew") from None
    return state, Progress(state.size, edge, state.sound, state.pruning)


def _spelt(state: "dict[str, Any]") -> bytes:
    """The only bytes that say this, with their checksum."""
    content = {name: value for name, value in state.items() if name != "sha256"}
    return canonical(content | {"sha256": sha256(canonical(content)).hexdigest()}) + b"\n"
