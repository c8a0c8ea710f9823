# SPDX-License-Identifier: Apache-2.0
"""The keyring: a time-out for one that waits in vain, a choice made once, and the truth about where things are."""

import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.fail
import keyring.backends.null
import msgspec
import pytest

from counterfoil_client.errors import KeyStoreError
from counterfoil_client.stores import FileStore, KeyringStore, MemoryStore
from unit.sdk.fake_keyring import Vault
from unit.sdk.signed_in import at_once
from unit.sdk.test_session_stores import NAME, PAIR


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    return Vault().install(monkeypatch)


def refuse() -> None:
    raise RuntimeError("locked; was given access-secret")


def test_a_keyring_says_that_it_is_one_and_that_its_key_is_software(vault: Vault, directory: Path) -> None:
    store = KeyringStore(FileStore(directory), directory=directory)
    assert (store.location, store.key_for(*NAME).storage) == ("keyring", "software")
    store.save_session(*NAME, PAIR)
    assert {item for _, item in vault.items} == {"device-key", "session", "access-token"}
    assert {service for service, _ in vault.items} == {"desktop at https://id.example"}
    assert not list(directory.glob("*.pem")) + list(directory.glob("*.session"))


def test_a_key_outlives_the_store(vault: Vault, directory: Path) -> None:
    points = {KeyringStore(directory=directory).key_for(*NAME).point for _ in range(2)}
    assert len(points) == 1
    assert len(vault.items) == 1


def test_threads_that_race_get_one_key(vault: Vault, directory: Path) -> None:
    stores = [KeyringStore(directory=directory) for _ in range(6)]
    assert len(set(at_once(6, lambda: stores.pop().key_for(*NAME).point))) == 1
    assert len(vault.items) == 1


def test_no_item_is_longer_than_windows_takes(vault: Vault, directory: Path) -> None:
    long = msgspec.structs.replace(PAIR, access_token="a" * 1200, refresh_token="r" * 200)
    store = KeyringStore(directory=directory)
    store.save_session(*NAME, long)
    assert store.load_session(*NAME) == long
    assert max(map(len, vault.items.values())) <= 1280


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring])
def test_a_keyring_that_refuses_or_forgets_everything_is_none(
    monkeypatch: pytest.MonkeyPatch, directory: Path, backend: Any
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", backend)
    with pytest.raises(KeyStoreError) as caught:
        KeyringStore(directory=directory).key_for(*NAME)
    assert "fallback" in caught.value.hint


def test_one_that_writes_plain_files_is_none_either(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, directory: Path
) -> None:
    monkeypatch.setattr(type(vault), "priority", 0.5)
    with pytest.raises(KeyStoreError, match="no keyring"):
        KeyringStore(directory=directory).key_for(*NAME)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KeyStoreError) as caught:
        KeyringStore(directory=directory).key_for(*NAME)
    assert "counterfoil-client[keyring]" in caught.value.hint
    assert KeyringStore(MemoryStore(), directory=directory).location == "memory"


def test_the_fall_back_is_used_and_told(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.setattr(keyring, "get_keyring", keyring.backends.fail.Keyring)
    files = FileStore(directory)
    store = KeyringStore(files)
    assert store.location == "file"
    store.save_session(*NAME, PAIR)
    assert (files.load_session(*NAME), store.load_session(*NAME)) == (PAIR, PAIR)
    assert store.key_for(*NAME).point == files.key_for(*NAME).point
    with store.session_lock(*NAME):
        store.remove_session(*NAME)
    assert files.load_session(*NAME) is None


def test_a_locked_keyring_does_not_hang(vault: Vault, directory: Path) -> None:
    for_ever = threading.Event()
    vault.before = for_ever.wait
    try:
        with pytest.raises(KeyStoreError, match=r"did not answer within 0\.05 seconds") as caught:
            KeyringStore(patience=0.05, directory=directory).key_for(*NAME)
        assert "Unlock" in caught.value.hint
        assert KeyringStore(MemoryStore(), patience=0.05, directory=directory).location == "memory"
        assert all(thread.daemon for thread in vault.threads), "the program can still end"
    finally:
        for_ever.set()


def test_one_that_has_answered_and_then_fails_is_an_error_and_no_other_store(vault: Vault, directory: Path) -> None:
    store = KeyringStore(FileStore(directory), directory=directory)
    store.save_session(*NAME, PAIR)
    vault.before = refuse
    with pytest.raises(KeyStoreError, match="RuntimeError") as caught:
        store.load_session(*NAME)
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(KeyStoreError):
        store.key_for(*NAME)
    assert store.location == "keyring"
    vault.before = lambda: None
    assert store.load_session(*NAME) == PAIR


def test_one_that_did_not_answer_at_first_is_not_asked_again(vault: Vault, directory: Path) -> None:
    vault.before = refuse
    store = KeyringStore(FileStore(directory), directory=directory)
    store.save_session(*NAME, PAIR)
    vault.before = lambda: None
    assert (store.location, store.load_session(*NAME)) == ("file", PAIR)
    assert vault.items == {}


def test_without_a_fall_back_a_keyring_may_be_unlocked_and_asked_again(vault: Vault, directory: Path) -> None:
    vault.before = refuse
    store = KeyringStore(directory=directory)
    with pytest.raises(KeyStoreError):
        store.load_session(*NAME)
    vault.before = lambda: None
    assert store.load_session(*NAME) is None


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"refresh_token": 5}', "{" * 100, "[" * 1000])
def test_a_broken_session_is_an_error_that_names_it(vault: Vault, directory: Path, content: str) -> None:
    store = KeyringStore(directory=directory)
    store.save_session(*NAME, PAIR)
    vault.items["desktop at https://id.example", "session"] = content
    with pytest.raises(KeyStoreError, match="do not hold a session") as caught:
        store.load_session(*NAME)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_half_a_session_is_broken_too(vault: Vault, directory: Path) -> None:
    store = KeyringStore(directory=directory)
    store.save_session(*NAME, PAIR)
    del vault.items["desktop at https://id.example", "access-token"]
    with pytest.raises(KeyStoreError):
        store.load_session(*NAME)
    store.remove_session(*NAME)
    assert vault.items == {}


def test_a_broken_key_is_an_error_that_names_it_and_is_left_alone(vault: Vault, directory: Path) -> None:
    vault.items["desktop at https://id.example", "device-key"] = "garbage"
    with pytest.raises(KeyStoreError, match="device-key"):
        KeyringStore(directory=directory).key_for(*NAME)
    assert vault.items == {("desktop at https://id.example", "device-key"): "garbage"}


def test_a_crash_between_the_two_items_leaves_a_session_that_works(vault: Vault, directory: Path) -> None:
    """The access token is written first: it is the one that may be newer than the rest."""
    store = KeyringStore(directory=directory)
    store.save_session(*NAME, PAIR)
    order: list[str] = []
    real = vault.set_password

    def crash(service: str, username: str, password: str) -> None:
        order.append(username)
        if len(order) == 2:
            raise RuntimeError
        real(service, username, password)

    vault.set_password = crash  # type: ignore[method-assign]  # a keyring that dies
    with pytest.raises(KeyStoreError):
        store.save_session(*NAME, msgspec.structs.replace(PAIR, access_token="newer", refresh_token="next"))
    kept = store.load_session(*NAME)
    assert kept is not None
    assert (kept.access_token, kept.refresh_token) == ("newer", PAIR.refresh_token)
