# SPDX-License-Identifier: Apache-2.0
"""Where the session lives: whole or not at all, for its owner's eyes, one hand at a time."""

import os
import stat
import subprocess
import sys
import threading
import traceback
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil_client.errors import KeyStoreError
from counterfoil_client.stores import FileStore, KeyringStore, MemoryStore, SessionStore, StoredSession, file_lock
from unit.sdk.fake_keyring import Vault

ISSUER = "https://id.example"
NAME = (ISSUER, "desktop")
NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
PAIR = StoredSession(
    access_token="access-secret",
    refresh_token="refresh-secret",
    subject="person-1",
    expires_at=NOON + timedelta(seconds=300),
    refresh_at=NOON + timedelta(seconds=270),
    scope="email notes:read",
    session_id="01JSESSION",
    generation=3,
)
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def files(directory: Path) -> FileStore:
    return FileStore(directory, patience=0.05)


@pytest.fixture(params=["memory", "file", "keyring"])
def store(request: pytest.FixtureRequest, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "file":
        return FileStore(directory)
    Vault().install(monkeypatch)
    return KeyringStore(directory=directory)


def the_file(directory: Path) -> Path:
    (path,) = directory.glob("*.session")
    return path


def test_every_store_of_ours_keeps_keys_and_sessions(store: Any) -> None:
    assert store.key_for(*NAME).point == store.key_for(*NAME).point
    assert isinstance(store, SessionStore)


def test_what_is_saved_is_loaded(store: SessionStore) -> None:
    assert store.load_session(*NAME) is None
    store.save_session(*NAME, PAIR)
    assert store.load_session(*NAME) == PAIR
    newer = msgspec.structs.replace(PAIR, access_token="newer", refresh_token=None, generation=4)
    store.save_session(*NAME, newer)
    assert store.load_session(*NAME) == newer


def test_what_is_removed_is_gone_and_may_be_removed_again(store: Any) -> None:
    key = store.key_for(*NAME)
    store.save_session(*NAME, PAIR)
    for _ in range(2):
        store.remove_session(*NAME)
        assert store.load_session(*NAME) is None
    assert store.key_for(*NAME).point == key.point, "the key stays"


def test_no_session_is_another_applications(store: SessionStore) -> None:
    store.save_session(*NAME, PAIR)
    for other in ((ISSUER, "other"), ("https://other.example", "desktop"), (f"{ISSUER}/desktop", "")):
        assert store.load_session(*other) is None
        store.remove_session(*other)
    assert store.load_session(*NAME) == PAIR


def test_the_lock_lets_one_in_at_a_time(store: SessionStore) -> None:
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        with store.session_lock(*NAME):
            inside += 1
            most = max(most, inside)
            stopped.wait(0.002)
            inside -= 1

    stopped = threading.Event()
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (most, inside) == (1, 0)


def test_the_lock_is_free_after_an_error(store: SessionStore) -> None:
    for _ in range(2):
        with pytest.raises(LookupError), store.session_lock(*NAME):
            raise LookupError


def test_the_lock_may_be_left_on_another_thread(store: SessionStore) -> None:
    lock = store.session_lock(*NAME)
    thread = threading.Thread(target=lock.__enter__)
    thread.start()
    thread.join(30)
    lock.__exit__(None, None, None)
    with store.session_lock(*NAME):
        pass


@posix
def test_only_the_owner_may_read(directory: Path, files: FileStore) -> None:
    old = os.umask(0)
    try:
        with files.session_lock(*NAME):
            files.save_session(*NAME, PAIR)
    finally:
        os.umask(old)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {
        ".session": 0o600,
        ".lock": 0o600,
    }


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777])
def test_a_file_that_others_may_read_is_refused_with_a_way_out(directory: Path, files: FileStore, mode: int) -> None:
    files.save_session(*NAME, PAIR)
    the_file(directory).chmod(mode)
    with pytest.raises(KeyStoreError) as caught:
        files.load_session(*NAME)
    assert f"chmod 600 '{the_file(directory)}'" in caught.value.hint
    assert "session" in str(caught.value)


@posix
@pytest.mark.parametrize(
    "act",
    [
        lambda files: files.load_session(*NAME),
        lambda files: files.save_session(*NAME, PAIR),
        lambda files: files.remove_session(*NAME),
        lambda files: files.session_lock(*NAME).__enter__(),
    ],
    ids=["load", "save", "remove", "lock"],
)
def test_a_directory_that_others_may_write_is_refused_with_a_way_out(
    directory: Path, files: FileStore, act: Callable[[FileStore], object]
) -> None:
    files.save_session(*NAME, PAIR)
    directory.chmod(0o770)
    with pytest.raises(KeyStoreError) as caught:
        act(files)
    assert "chmod 700" in caught.value.hint


@posix
def test_a_link_in_place_of_a_file_is_not_followed(directory: Path, files: FileStore) -> None:
    files.save_session(*NAME, PAIR)
    path = the_file(directory)
    elsewhere = directory.parent / "planted"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(KeyStoreError):
        files.load_session(*NAME)
    files.save_session(*NAME, PAIR)
    assert not path.is_symlink(), "saving replaces the link and not what it points at"
    with files.session_lock(*NAME):
        pass
    (lock,) = directory.glob("*.lock")
    lock.unlink()
    lock.symlink_to(elsewhere)
    with pytest.raises(KeyStoreError), files.session_lock(*NAME):
        pass


WHOLE = msgspec.json.encode(PAIR)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-1],
        WHOLE + b"x",
        WHOLE.replace(b"access-secret", b"access\\nsecret"),
        WHOLE.replace(b"Z", b""),
        b"\xff" * 10,
        b"[" * 60_000,
        b" " * 100_000 + WHOLE,
    ],
    ids=lambda content: content[:12].decode(errors="replace"),
)
def test_a_broken_file_is_an_error_that_names_it_and_is_left_alone(
    directory: Path, files: FileStore, content: bytes
) -> None:
    files.save_session(*NAME, PAIR)
    path = the_file(directory)
    path.write_bytes(content)
    with pytest.raises(KeyStoreError) as caught:
        files.load_session(*NAME)
    assert str(path) in caught.value.hint
    assert path.read_bytes() == content
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__suppress_context__, "a decoding error holds the bytes"


def test_members_of_later_releases_are_ignored(directory: Path, files: FileStore) -> None:
    files.save_session(*NAME, PAIR)
    the_file(directory).write_bytes(WHOLE[:-1] + b',"later":1}')
    assert files.load_session(*NAME) == PAIR


def test_a_full_disk_leaves_the_old_session_and_no_draft(
    directory: Path, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.save_session(*NAME, PAIR)

    def full(descriptor: int) -> None:
        del descriptor
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(KeyStoreError, match="No space left"):
        files.save_session(*NAME, msgspec.structs.replace(PAIR, generation=9))
    assert files.load_session(*NAME) == PAIR
    assert list(directory.iterdir()) == [the_file(directory)]


def test_whoever_reads_while_another_writes_sees_one_whole_session(files: FileStore) -> None:
    files.save_session(*NAME, PAIR)
    done = threading.Event()

    def write() -> None:
        for number in range(100):
            files.save_session(*NAME, msgspec.structs.replace(PAIR, access_token="x" * (number * 50 + 1)))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    reads = 0
    while not done.is_set():
        assert files.load_session(*NAME) is not None
        reads += 1
    thread.join()
    assert reads


def test_a_lock_that_is_held_too_long_is_an_error_with_a_way_out(files: FileStore) -> None:
    with (
        files.session_lock(*NAME),
        pytest.raises(KeyStoreError, match=r"\.lock") as caught,
        files.session_lock(*NAME),
    ):
        pass
    assert "again" in caught.value.hint


def test_the_memory_lock_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterfoil_client.stores.memory._PATIENCE", 0.01)
    store = MemoryStore()
    with store.session_lock(*NAME), pytest.raises(KeyStoreError), store.session_lock(*NAME):
        pass


HOLDER = """
import sys
from counterfoil_client.stores import FileStore
with FileStore(sys.argv[1]).session_lock("https://id.example", "desktop"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_another_process_is_kept_out_and_a_dead_one_keeps_nobody_out(directory: Path, files: FileStore) -> None:
    command = [sys.executable, "-c", HOLDER, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(KeyStoreError), files.session_lock(*NAME):
            pass
        holder.kill()
        holder.wait(30)
        with files.session_lock(*NAME):
            pass


def test_windows_locks_a_byte_of_the_file_and_waits_its_turn(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def locking(descriptor: int, mode: int, count: int) -> None:
        del descriptor
        asked.append((mode, count))
        if len(asked) == 1:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=locking))
    monkeypatch.setattr(file_lock, "sys", types.SimpleNamespace(platform="win32"))
    with FileStore(directory, patience=5).session_lock(*NAME):
        pass
    assert asked == [(2, 1), (2, 1)]


def test_a_stored_session_shows_no_secret() -> None:
    assert "secret" not in repr(PAIR) + str(PAIR)
