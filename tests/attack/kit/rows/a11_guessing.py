# SPDX-License-Identifier: Apache-2.0
"""A11: codes and links are guessed: they are long enough, differ, and three wrong codes are the end."""

import math
from collections import Counter

import httpx2

from attack.kit.target import Started, Target, word
from attack.kit.verdict import demand
from journeys.codes import ALPHABET, wrong_code

ROW = "A11"
ATTACK = "codes and links are guessed"
LEAST_BITS = 25
LEAST_SECRET = 43
MANY = 8
JUNK = ("", "123456", "AEIOUY", "WDJBM")


async def attack(target: Target) -> str:
    """What is handed out, then the lock."""
    samples = [await target.start() for _ in range(max(3, target.guesses // 2))]
    letters = [await target.letter(each) for each in samples[:3]]
    bits = _measure(samples)
    secrets = [each.device_code for each in samples] + [letter.secret for letter in letters]
    demand(min(map(len, secrets)) >= LEAST_SECRET, f"a secret has {min(map(len, secrets))} characters")
    demand(len(set(secrets)) == len(secrets), "two secrets are equal")
    tries = await _locked(target, samples[0], letters[0].secret)
    return (
        f"{len(samples)} codes of {bits:.1f} bits, secrets of {LEAST_SECRET} characters; locked at wrong code {tries}"
    )


def _measure(samples: list[Started]) -> float:
    codes = [each.user_code.replace("-", "").upper() for each in samples]
    letters = Counter("".join(codes))
    demand(set(letters) <= set(ALPHABET), "a code has letters outside its alphabet")
    bits = min(map(len, codes)) * math.log2(len(ALPHABET))
    demand(bits >= LEAST_BITS, f"a code has {bits:.1f} bits")
    demand(len(set(codes)) == len(codes), "two codes are equal")
    # Of so many letters a fair source shows each about as often; one that is half as common again as it may be is not.
    most, total = letters.most_common(1)[0][1], sum(letters.values())
    fair = total / len(ALPHABET)
    demand(most <= fair + 6 * math.sqrt(fair) + 1, f"one letter makes up {most} of {total}")
    return bits


async def _locked(target: Target, started: Started, secret: str) -> int:
    for junk in JUNK:
        answer = await target.decide(secret, "approve", junk)
        demand(answer.status_code == httpx2.codes.UNPROCESSABLE_CONTENT, "what is no code at all locks the owner out")
    tries = 0
    while tries < MANY:
        tries += 1
        answer = await target.decide(secret, "approve", wrong_code(started.user_code))
        if answer.status_code == httpx2.codes.GONE:
            break
    demand(tries <= 3, f"{tries} wrong codes were taken")
    right = await target.decide(secret, "approve", started.user_code)
    demand(right.status_code == httpx2.codes.GONE, "after the lock the right code is taken")
    heard = word(await target.poll(started))
    demand(heard == "access_denied", f"after the lock the device hears {heard}")
    return tries
