# SPDX-License-Identifier: Apache-2.0
"""A12: whether an answer tells who is known. Bytes alone: times need hundreds of answers, see `just enumeration`."""

import httpx2

from attack.enumeration_asking import Answer
from attack.kit.target import Target
from attack.kit.verdict import demand

ROW = "A12"
ATTACK = "enumeration: whether bytes of an answer tell a known address from another"
OVER = 8


async def attack(target: Target) -> str:
    """Known, unknown, used up; and disabled where there is a command line."""
    known, used_up = target.somebody("ada"), target.somebody("ada")
    await target.signed_in(known)
    for _ in range(OVER):
        await target.ask(used_up)
    people = {"known": known, "over its budget": used_up, "unknown": target.somebody("ada")}
    if target.command is not None:
        people["disabled"] = target.somebody("ada")
        await target.signed_in(people["disabled"])
        done = await target.told("users", "disable", people["disabled"])
        assert done.returncode == 0, done.stderr
    shapes = {kind: _shape(await target.ask(address)) for kind, address in people.items()}
    for kind, shape in shapes.items():
        demand(
            shape == shapes["unknown"], f"the answer to an address that is {kind} differs from that to an unknown one"
        )
    return f"{', '.join(people)}: one answer to the byte but for what is random; times: `just enumeration`"


def _shape(answer: httpx2.Response) -> str:
    head = [f"HTTP/1.1 {answer.status_code}"]
    head += [f"{name.decode()}: {value.decode()}" for name, value in answer.headers.raw]
    return Answer(head, answer.content).shape
