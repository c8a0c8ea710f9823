# SPDX-License-Identifier: Apache-2.0
"""What an API remembers: each proof once, for as long as it could be used; and nonces that it need not remember."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource import LocalReplayMemory, Nonces, ReplayMemoryFull
from counterfoil_client.resource.replay import PROOF_LIFE

KEY = bytes(range(32))


@given(st.floats(0, 2e9), st.lists(st.floats(0, 200), max_size=5), st.floats(0, PROOF_LIFE))
def test_a_key_is_known_for_its_whole_life_whenever_the_generations_turn(
    start: float, others: list[float], later: float
) -> None:
    memory = LocalReplayMemory()
    for number, wait in enumerate(sorted(others)):
        memory.first_time(b"other%d" % number, start + wait)
    begin = start + 200
    assert memory.first_time(b"key", begin)
    assert not memory.first_time(b"key", begin + later)


def test_what_nobody_could_use_again_is_forgotten() -> None:
    memory = LocalReplayMemory(capacity=2)
    assert memory.first_time(b"a", 0)
    assert memory.first_time(b"b", 0)
    assert memory.first_time(b"c", 2 * PROOF_LIFE + 1)
    assert memory.first_time(b"a", 2 * PROOF_LIFE + 1)


def test_a_full_memory_refuses_instead_of_forgetting() -> None:
    memory = LocalReplayMemory(capacity=2)
    assert memory.first_time(b"a", 0)
    assert memory.first_time(b"b", 0)
    with pytest.raises(ReplayMemoryFull):
        memory.first_time(b"c", PROOF_LIFE - 1)
    assert not memory.first_time(b"a", PROOF_LIFE - 1)


def test_of_many_threads_one_is_first() -> None:
    memory = LocalReplayMemory()
    firsts: list[bool] = []
    barrier = threading.Barrier(8)

    def present() -> None:
        barrier.wait()
        firsts.extend(memory.first_time(b"%d" % number, 5) for number in range(200))

    threads = [threading.Thread(target=present) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert firsts.count(True) == 200


def test_a_nonce_lives_from_five_to_ten_minutes() -> None:
    nonces = Nonces(KEY)
    nonce = nonces.current(600)
    assert nonces.accepts(nonce, 600)
    assert nonces.accepts(nonce, 1199)
    assert not nonces.accepts(nonce, 1200)
    assert not nonces.accepts(nonce, 599)


def test_replicas_with_one_key_take_each_others_nonces_and_strangers_none() -> None:
    assert Nonces(KEY).accepts(Nonces(KEY).current(1000), 1000)
    assert not Nonces(KEY).accepts(Nonces(bytes(32)).current(1000), 1000)


@given(st.text(max_size=60))
def test_no_made_up_nonce_passes(text: str) -> None:
    assert not Nonces(KEY).accepts(text, 1000)
    assert not Nonces(KEY).accepts(text + "\ud800", 1000)


def test_a_short_key_is_refused_and_none_is_shown() -> None:
    with pytest.raises(ConfigurationError):
        Nonces(b"short")
    assert repr(Nonces(KEY)) == "Nonces(…)"
