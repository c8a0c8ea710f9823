# SPDX-License-Identifier: Apache-2.0
"""A closed load by `wrk`: some connections, each of which asks again as soon as it is answered."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from benchmarks.harness.processes import LOAD_CORE, on_core

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("wrk.lua")
MISSING = "`wrk` was not found: install it, such as by `apt-get install wrk`"


class Answers(msgspec.Struct, frozen=True):
    """What wrk saw; times in microseconds. `again`: how often the requests ran out and were sent anew."""

    answers: int
    microseconds: int
    right: int
    lost: int
    again: int
    p50: int
    p99: int
    longest: int

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answers * 1e6 / self.microseconds


class WrongAnswersError(Exception):
    """What was measured is not what was meant."""


class TooFewRequestsError(WrongAnswersError):
    """The service is faster than was thought: write out more of them."""


def request_bytes(url: str, method: str, headers: Mapping[str, str], body: str = "") -> bytes:
    """One request as it goes over the wire."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", *(f"{name}: {headers[name]}" for name in headers)]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body.encode())}")
    return "\r\n".join([*lines, "", body]).encode()


def load(address: str, requests: Sequence[bytes], expected: str, seconds: int, *, once: bool = False) -> Answers:
    """Send them for so long; each answer must hold the expected text. `once`: none may be sent a second time."""
    program = shutil.which("wrk")
    if program is None:
        raise FileNotFoundError(MISSING)
    with tempfile.TemporaryDirectory(prefix="counterfoil-wrk-") as folder:
        written = Path(folder) / "requests"
        with written.open("wb") as file:
            for request in requests:
                file.write(b"%d\n%s" % (len(request), request))
        command = [program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT), address]
        environ = os.environ | {"REQUESTS": str(written), "EXPECTED": expected}
        with on_core(LOAD_CORE):
            done = subprocess.run(
                command, env=environ, capture_output=True, text=True, timeout=seconds + 60, check=False
            )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise WrongAnswersError(f"wrk failed: {done.stderr or done.stdout}")
    answers = msgspec.json.decode(lines[-1], type=Answers)
    if once and answers.again:
        raise TooFewRequestsError(f"{len(requests)} requests were too few for {seconds} s: {answers}")
    if answers.right != answers.answers or answers.lost:
        raise WrongAnswersError(f"not every answer held {expected!r}: {answers}")
    return answers
