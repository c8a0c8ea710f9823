# SPDX-License-Identifier: Apache-2.0
"""What a proof of one entry costs: its time, its hashes, the bytes of its file."""

import statistics
import time
from collections.abc import Sequence
from random import Random

from benchmarks.audit.made_log import MadeLog
from benchmarks.harness.figures import Series
from counterfoil_service.core.tlog_proof import TlogProof
from counterfoil_service.operations.prove_inclusion import prove_inclusion

PROOFS = 200
"""In each round, of entries anywhere in the log."""
_MICROSECONDS = 1e6


async def measure_proofs(logs: Sequence[MadeLog], rounds: int) -> list[Series]:
    """The middle time of each round, and its largest proof."""
    took = Series("proof", "inclusion proof, made", "µs")
    hashes = Series("proof", "inclusion proof, largest", "hashes")
    length = Series("proof", "its file, largest", "bytes")
    random = Random(1)
    for number in range(-1, rounds):
        for log in logs if number % 2 else reversed(logs):
            made = [await _made(log, random.randrange(log.size)) for _ in range(PROOFS)]
            if number >= 0:
                took.add(log.size, statistics.median(seconds for seconds, _ in made) * _MICROSECONDS)
                hashes.add(log.size, max(len(proof.hashes) for _, proof in made))
                length.add(log.size, max(len(proof.text()) for _, proof in made))
    return [took, hashes, length]


async def _made(log: MadeLog, index: int) -> tuple[float, TlogProof]:
    began = time.perf_counter()
    proof = await log.database.read(prove_inclusion, index)
    seconds = time.perf_counter() - began
    if proof is None:
        raise RuntimeError(f"entry {index} has no proof")
    return seconds, proof
