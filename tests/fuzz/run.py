# SPDX-License-Identifier: Apache-2.0
"""`just fuzz`: the fuzzers of `just test`, again and again with other seeds and many more examples, until time is up.

Ends with 1 at the first failure; its output has hypothesis' own smallest example and the seed of the round.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
PARTS = {
    "wire": ("test_openapi.py", 8),
    "model": ("test_whole_service.py", 8),
    "parsers": ("test_parsers.py", 20),
}
"""Of each part its file, and by how much a round does more than `just test`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where nothing was found."""
    parser = argparse.ArgumentParser(prog="just fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long (5)")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each later one has the next (1)")
    parser.add_argument("--part", choices=PARTS, action="append", help="this part alone; may come several times")
    options = parser.parse_args(arguments)
    ends, seed = time.monotonic() + options.minutes * 60, options.seed
    with tempfile.TemporaryDirectory(prefix="counterfoil-fuzz-") as folder:
        tally = Path(folder) / "tally.jsonl"
        while True:
            for part in options.part or PARTS:
                if not _round(part, seed, tally):
                    sys.stdout.write(f"part {part}, seed {seed}: just fuzz --part {part} --seed {seed}\n")
                    return 1
                if time.monotonic() >= ends:
                    sys.stdout.write(table(tally.read_text("utf-8").splitlines()))
                    return 0
            seed += 1


def _round(part: str, seed: int, tally: Path) -> bool:
    file, scale = PARTS[part]
    own = ["-p", "no:cacheprovider", f"--basetemp={tally.parent / 'pytest'}", f"--hypothesis-seed={seed}"]
    command = [sys.executable, "-m", "pytest", "-q", *own, str(HERE / file)]
    surroundings = os.environ | {"FUZZ_SCALE": str(scale), "FUZZ_TALLY": str(tally)}
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    sys.stdout.write(f"{part}, seed {seed}: {done.stdout.strip().splitlines()[-1]}\n")
    sys.stdout.flush()
    if done.returncode:
        sys.stdout.write(done.stdout + done.stderr)
    return done.returncode == 0


def table(lines: Iterable[str]) -> str:
    """What all rounds did, a line each for parsers, model and every operation of the wire."""
    counted: dict[str, Counter[str]] = {}
    for line in lines:
        told: Mapping[str, int | str] = json.loads(line)
        for name, count in told.items():
            if isinstance(count, int):
                who, what = _of(str(told["test"]), name)
                counted.setdefault(who, Counter())[what] += count
    rows = [f"{who:<50} {sum(counts.values()):>8}  {_spelt(counts)}\n" for who, counts in sorted(counted.items())]
    return "".join(["what                                                  tried  of which\n", *rows])


def _of(test: str, name: str) -> tuple[str, str]:
    operation, _, status = name.rpartition(" ")
    if status.isdecimal():
        return operation, status
    return ("acts of the model", name) if "model" in test else ("inputs of parsers", name)


def _spelt(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
