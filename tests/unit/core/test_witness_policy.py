# SPDX-License-Identifier: Apache-2.0
"""Trust policies, line by line as C2SP tlog-policy has them, and who makes a quorum."""

from collections.abc import Callable
from itertools import combinations

import pytest

from counterfoil_service.core.witness_policy import MAX_BYTES, WitnessPolicy, missing, parse_policy, satisfied

X1, X2, X3, Y1, Y2, Y3 = NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
EXAMPLE = """
log log.example+L

witness X1 x1+W
witness X2 x2+W
witness X3 x3+W
group X-witnesses 2 X1 X2 X3

witness Y1 y1+W
witness Y2 y2+W
witness Y3 y3+W
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def read_key(vkey: str) -> tuple[int, bytes]:
    """`name+L` is a log's key, `name+W` a witness's; what stands before a bar is the key."""
    name, _, kind = vkey.partition("+")
    return {"L": 1, "W": 4, "M": 6}[kind], name.partition("|")[0].encode("utf-8", "surrogateescape")


def parsed(text: str | bytes) -> WitnessPolicy:
    return parse_policy(text if isinstance(text, bytes) else text.encode(), read_key)


def vkeys(*names: str) -> set[str]:
    return {f"{name.lower()}+W" for name in names}


def believes(policy: WitnessPolicy) -> Callable[..., bool]:
    return lambda *names: satisfied(policy, vkeys(*names))


def test_the_example_of_the_specification_is_read() -> None:
    policy = parsed(EXAMPLE)
    assert policy.logs == ("log.example+L",)
    assert policy.witnesses == {name: f"{name.lower()}+W" for name in NAMES}
    assert [(name, group.threshold) for name, group in policy.groups.items()] == [
        ("X-witnesses", 2),
        ("Y-witnesses", 1),
        ("X-and-Y", 2),
    ]


def test_the_examples_quorum_is_two_of_the_one_and_one_of_the_other() -> None:
    policy = parsed(EXAMPLE)
    for count in range(len(NAMES) + 1):
        for names in combinations(NAMES, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert satisfied(policy, vkeys(*names)) == enough, names
            assert (missing(policy, vkeys(*names)) == []) == enough, names


def test_those_who_are_missing_are_named_and_nobody_who_could_not_help() -> None:
    policy = parsed(EXAMPLE)
    assert missing(policy, vkeys(X1)) == [X2, X3, Y1, Y2, Y3]
    assert missing(policy, vkeys(X1, X3)) == [Y1, Y2, Y3], "X is complete"
    assert missing(policy, vkeys(X2, Y1)) == [X1, X3]
    aside = parsed("witness A a+W\nwitness B b+W\nquorum B\n")
    assert missing(aside, vkeys("A")) == ["B"]


def test_a_quorum_may_be_one_witness_or_none() -> None:
    one = believes(parsed("witness A a+W\nwitness B b+W\nquorum A\n"))
    assert one("A")
    assert not one("B")
    assert not one()
    assert believes(parsed("quorum none\n"))()
    assert parsed("quorum none\n").logs == ()


@pytest.mark.parametrize(("threshold", "least"), [("any", 1), ("all", 3), ("1", 1), ("2", 2), ("3", 3)])
def test_a_group_takes_as_many_as_its_threshold_says(threshold: str, least: int) -> None:
    lines = "".join(f"witness {name} {name.lower()}+W\n" for name in "ABC")
    policy = parsed(f"{lines}group G {threshold} A B C\nquorum G\n")
    for count in range(4):
        for names in combinations("ABC", count):
            assert satisfied(policy, vkeys(*names)) == (count >= least)
            assert len(missing(policy, vkeys(*names))) == (0 if count >= least else 3 - count)


def test_a_group_of_groups_may_be_deep() -> None:
    lines = [f"group g{n} any g{n - 1}" for n in range(1, 5000)]
    policy = parsed("\n".join(["witness A a+W", "group g0 all A", *lines, "quorum g4999", ""]))
    assert satisfied(policy, vkeys("A"))
    assert not satisfied(policy, vkeys())
    assert missing(policy, vkeys()) == ["A"]


def test_words_may_be_any_and_stand_anywhere_between_blanks() -> None:
    policy = parsed(
        "  # a comment\n\t\n\t quorum\tnone\t\n"
        "log \t a+L  https://log.example/  \nwitness all all+W https://w.example/\nwitness 2 two+W\ngroup any 2 all 2\n"
    )
    assert (policy.logs, list(policy.witnesses), list(policy.groups)) == (("a+L",), ["all", "2"], ["any"])


def test_names_are_bytes_and_compared_as_such() -> None:
    kelvin = "\N{KELVIN SIGN}".encode()
    policy = parsed(b"witness K a+W\nwitness \xff b+W\nwitness %b c+W\nquorum %b\n" % (kelvin, kelvin))
    assert len(policy.witnesses) == 3
    assert missing(policy, vkeys()) == ["\N{KELVIN SIGN}"]
    assert "\x85" in next(iter(parsed("witness \x85 a+W\nquorum none\n").witnesses)), "no blank but space and tab"


W = "witness A a+W\nwitness B b+W\n"
BAD = {
    "": "no newline",
    "\n": "quorum line is missing",
    f"{W}quorum A": "no newline",
    "log a+L\n": "quorum line is missing",
    f"{W}quorum A\nquorum A\n": "line 4: there is one quorum line",
    f"{W}quorum none\nquorum A\n": "line 4: there is one quorum line",
    "quorum A\nwitness A a+W\n": "line 1: .*earlier lines",
    f"{W}quorum C\n": "line 3: .*earlier lines",
    f"{W}group G any C\nquorum G\n": "line 3: .*earlier lines",
    f"{W}group G any G\nquorum G\n": "line 3: .*earlier lines",
    f"{W}group G any none\nquorum G\n": "line 3: .*earlier lines",
    f"{W}group G any a+W\nquorum G\n": "line 3: .*earlier lines",
    f"{W}group G 2 A A\nquorum G\n": "line 3: a name is a member once",
    f"{W}group G any A B\ngroup H any B\nquorum G\n": "line 4: a name is a member once",
    f"{W}group G any A\ngroup H any G\ngroup I any G\nquorum I\n": "line 5: a name is a member once",
    f"{W}group G 0 A B\nquorum G\n": "line 3: .*1 to 2",
    f"{W}group G 3 A B\nquorum G\n": "line 3: .*1 to 2",
    f"{W}group G -1 A B\nquorum G\n": "line 3: not a decimal",
    f"{W}group G +1 A B\nquorum G\n": "line 3: not a decimal",
    f"{W}group G 01 A B\nquorum G\n": "line 3: not a decimal",
    f"{W}group G ANY A B\nquorum G\n": "line 3: not a decimal",
    f"{W}group G ² A B\nquorum G\n": "line 3: not a decimal",
    f"{W}group G any\nquorum G\n": "line 3: a line is",
    f"{W}group G\nquorum G\n": "line 3: a line is",
    f"{W}group A any B\nquorum A\n": "line 3: a name is given once",
    f"{W}witness A c+W\nquorum A\n": "line 3: a name is given once",
    f"{W}group none any A\nquorum none\n": "line 3: a name is given once",
    "witness none a+W\nquorum none\n": "line 1: a name is given once",
    f"{W}witness C a|again+W\nquorum A\n": "line 3: this witness's key",
    "log a+L\nlog a|again+L\nquorum none\n": "line 2: this log's key",
    "log a+W\nquorum none\n": "line 1: the key has type 4",
    "log a+M\nquorum none\n": "line 1: the key has type 6",
    "witness A a+L\nquorum A\n": "line 1: the key has type 1",
    "log\nquorum none\n": "line 1: a line is",
    "log a+L u v\nquorum none\n": "line 1: a line is",
    "witness A\nquorum none\n": "line 1: a line is",
    "witness A a+W u v\nquorum none\n": "line 1: a line is",
    "quorum\n": "line 1: a line is",
    "quorum none none\n": "line 1: a line is",
    "Quorum none\n": "line 1: a line is",
    "quorum none # why\n": "line 1: a line is",
    "quorum none\r\n": "line 1: control characters",
    "quorum\vnone\n": "line 1: control characters",
    "quorum none\x00\n": "line 1: control characters",
    "# \x7f\nquorum none\n": "line 1: control characters",
    "quorum\u00a0none\n": "line 1: a line is",
    f"# {'x' * MAX_BYTES}\nquorum none\n": "at most",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:60])
def test_what_breaks_a_rule_is_refused_with_its_line_and_the_rule(text: str) -> None:
    with pytest.raises(ValueError, match=BAD[text]):
        parsed(text)


def test_32_of_each_and_more_are_taken() -> None:
    logs = "".join(f"log l{n}+L\n" for n in range(100))
    witnesses = "".join(f"witness w{n} w{n}+W\ngroup g{n} any w{n}\n" for n in range(100))
    policy = parsed(f"{logs}{witnesses}group all 67 {' '.join(f'g{n}' for n in range(100))}\nquorum all\n")
    assert not satisfied(policy, vkeys(*(f"w{n}" for n in range(66))))
    assert satisfied(policy, vkeys(*(f"w{n}" for n in range(67))))
