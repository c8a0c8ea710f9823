# SPDX-License-Identifier: Apache-2.0
"""When a provider is left alone, and when it is asked again."""

from counterfoil_service.core.login import SECOND
from counterfoil_service.mail.transports.circuit import FAILURES, REST_SECONDS, Circuit


class Hand:
    """Of a clock."""

    now = 0

    def __call__(self) -> int:
        return self.now


def opened(hand: Hand) -> Circuit:
    circuit = Circuit(hand)
    for _ in range(FAILURES):
        assert not circuit.is_open
        circuit.fail()
    return circuit


def test_several_failures_in_a_row_open_it_and_one_success_between_them_does_not() -> None:
    hand = Hand()
    assert opened(hand).is_open
    circuit = Circuit(hand)
    for _ in range(FAILURES):
        circuit.fail()
        circuit.succeed()
    assert not circuit.is_open


def test_after_its_rest_one_is_let_through_and_the_others_wait_for_its_word() -> None:
    hand = Hand()
    circuit = opened(hand)
    hand.now = REST_SECONDS * SECOND - 1
    assert circuit.is_open
    hand.now += 1
    assert not circuit.is_open
    circuit.ask()
    assert circuit.is_open


def test_a_probe_that_succeeds_closes_it_and_one_that_fails_opens_it_for_another_rest() -> None:
    hand = Hand()
    circuit = opened(hand)
    hand.now = REST_SECONDS * SECOND
    circuit.ask()
    circuit.fail()
    hand.now += REST_SECONDS * SECOND - 1
    assert circuit.is_open
    hand.now += 1
    circuit.ask()
    circuit.succeed()
    assert not circuit.is_open
    circuit.fail()
    assert not circuit.is_open


def test_a_probe_that_nobody_hears_of_again_does_not_keep_it_open_for_ever() -> None:
    hand = Hand()
    circuit = opened(hand)
    hand.now = REST_SECONDS * SECOND
    circuit.ask()
    hand.now += REST_SECONDS * SECOND
    assert not circuit.is_open
