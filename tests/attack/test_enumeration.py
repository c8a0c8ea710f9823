# SPDX-License-Identifier: Apache-2.0
"""`just enumeration`, small: answers are the same to the byte, and it would see it if one kind took longer.

How long the service itself takes is judged by the command alone, on a quiet machine.
"""

import random
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from attack import enumeration, enumeration_people
from attack.enumeration import histogram, main
from attack.enumeration_asking import Answer
from attack.enumeration_figures import LIMIT, OTHERS, EngineRuns, Figures, Run, likeness
from attack.enumeration_people import KINDS, Kind, address_of
from attack.enumeration_picture import picture
from attack.enumeration_run import measured
from benchmarks.harness.figures import ENGINES, Engine

HEAD = (
    "HTTP/1.1 200 OK",
    "date: Sat, 28 Nov 2026 08:00:00 GMT",
    'ratelimit: "address_range";r=99;t=60',
    "dpop-nonce: aB-1",
)
BODY = b'{"device_code":"abc","expires_in":600}'


def times(seed: int, count: int = 200, slower: float = 1.0) -> list[int]:
    """Answers of some two milliseconds, with a tail."""
    chance = random.Random(seed)
    return [round(slower * (1_500 + chance.gammavariate(4, 60))) for _ in range(count)]


def run_of(slower: Kind | None = None, by: float = 1.2) -> Run:
    return Run({kind: times(place, slower=by if kind == slower else 1.0) for place, kind in enumerate(KINDS)})


def figures_of(*runs: Run, wrong: Sequence[str] = ()) -> Figures:
    return Figures("here", 1.0, [EngineRuns(engine, engine, 3_000, list(runs), list(wrong)) for engine in ENGINES])


@pytest.mark.parametrize("after", [False, True], ids=["itself", "the request after it"])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_kind_of_address_is_answered_by_the_same_bytes_and_was_what_it_says(engine: Engine, after: bool) -> None:  # noqa: FBT001 - pytest passes by name
    found = measured(engine, 3, 2, lambda _: None, warm_up=1, after=after)
    assert found.wrong == []
    assert found.answers == 4 * 2 * len(KINDS)
    assert [{kind: len(taken) for kind, taken in run.times.items()} for run in found.runs] == [
        dict.fromkeys(KINDS, 3)
    ] * 2


def test_a_kind_that_is_not_what_it_says_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = {**enumeration_people._TRUTH, "suppressed": enumeration_people._TRUTH["disabled"]}
    monkeypatch.setattr(enumeration_people, "_TRUTH", truth)
    found = measured("sqlite", 1, 1, lambda _: None, warm_up=0)
    assert found.wrong == [f"{address_of(('suppressed', 0))} (suppressed): (1, 'mail.suppressed', 'suppressed')"]


@pytest.mark.parametrize(
    "other",
    [
        Answer(("HTTP/1.1 202 Accepted", *HEAD[1:]), BODY),
        Answer((HEAD[0], HEAD[2], HEAD[1], HEAD[3]), BODY),
        Answer((*HEAD, "x-known: 1"), BODY),
        Answer((*HEAD[:3], "dpop-nonce: aB-12"), BODY),
        Answer(HEAD, BODY.replace(b"600", b"60")),
        Answer(HEAD, BODY.replace(b"600", b'"60"')),
        Answer(HEAD, BODY.replace(b",", b", ")),
        Answer(HEAD, b'{"expires_in":600,"device_code":"abc"}'),
        Answer(HEAD, BODY.replace(b"}", b',"mailed":true}')),
    ],
    ids=["status", "order of headers", "header", "nonce", "digits", "type", "blank", "order of members", "member"],
)
def test_an_answer_that_differs_is_seen(other: Answer) -> None:
    assert other.shape != Answer(HEAD, BODY).shape


def test_what_differs_from_one_moment_to_the_next_is_no_difference() -> None:
    later = (HEAD[0], "date: Fri, 11 Dec 2026 19:31:59 GMT", 'ratelimit: "address_range";r=8;t=5', "dpop-nonce: Zz_9")
    assert Answer(later, BODY.replace(b"abc", b"xyz")).shape == Answer(HEAD, BODY).shape


def test_times_that_are_the_same_are_alike() -> None:
    same = times(1)
    assert likeness(same, same) == 1
    assert Run(dict.fromkeys(KINDS, same)).alike
    assert run_of().alike


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("by", [1.2, 1 / 1.2], ids=["slower", "quicker"])
def test_one_kind_that_takes_a_fifth_longer_or_less_is_told_apart(kind: Kind, by: float) -> None:
    run = run_of(kind, by)
    assert not run.alike
    assert [each for each in OTHERS if run.p_of(each) <= LIMIT] == [kind]


def test_what_would_be_seen_is_seen_and_a_bit_less_is_not() -> None:
    run = run_of()
    for shift, alike in ((run.would_be_seen, False), (run.would_be_seen - 2, True)):
        known = run.times["known"]
        later = [likeness(known, [time + shift for time in run.times[kind]]) > LIMIT for kind in OTHERS]
        assert any(later) is alike


@pytest.mark.parametrize(
    ("figures", "status"),
    [
        (figures_of(run_of(), run_of()), 0),
        (figures_of(run_of(), run_of("disabled")), 1),
        (figures_of(run_of(), wrong=["header x-known [/]"]), 1),
    ],
    ids=["alike", "one run tells", "answers differ"],
)
def test_the_verdict_is_the_exit_status(
    figures: Figures, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, again, drawn = tmp_path / "kept.json", tmp_path / "again.json", tmp_path / "drawn.svg"
    figures.write(kept)
    assert main(["--show", str(kept), "--json", str(again), "--picture", str(drawn)]) == status
    assert Figures.read(again) == figures
    said = capsys.readouterr().out
    assert ("GIVES SOMETHING AWAY" in said) is bool(status)
    assert "Bonferroni" in said
    assert all(f"WRONG on {engine}" in said for engine in ("SQLite", "PostgreSQL")) is bool(figures.engines[0].wrong)


def test_a_histogram_is_a_row_of_blocks() -> None:
    row = histogram([0, 0, 0, 99, 100], 0, 100)
    assert (len(row), row[0], row[-1], row[1:-1].strip()) == (enumeration._BINS, "█", "▃", "")


def test_no_words_of_the_picture_cover_others() -> None:
    root = ET.fromstring(picture(figures_of(run_of(), run_of(), run_of())))  # noqa: S314 - our own
    assert root.attrib["aria-label"].startswith("Time to the answer for known, unknown, disabled")
    words = list(root.iter("{http://www.w3.org/2000/svg}text"))
    legend = [(each.attrib["x"], float(each.attrib["y"])) for each in words if each.attrib["text-anchor"] == "end"]
    assert all(abs(one[1] - two[1]) >= 15 for one, two in combinations(legend, 2) if one[0] == two[0])
    below = sorted(float(each.attrib["x"]) for each in words if each.attrib["y"] == "372.0")
    assert all(right - left >= 36 for left, right in pairwise(below))
