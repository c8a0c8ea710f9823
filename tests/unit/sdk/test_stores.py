# SPDX-License-Identifier: Apache-2.0
"""Where the key lives: one key however many ask, and a refusal with a way out where the file cannot be trusted."""

import os
import stat
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from counterfoil_client.errors import KeyStoreError
from counterfoil_client.stores import DeviceKey, FileStore, KeyStore, MemoryStore, SoftwareKey
from counterfoil_client.stores.private_file import _claim

ISSUER = "https://id.example"
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def the_file(directory: Path) -> Path:
    (path,) = directory.iterdir()
    return path


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, directory: Path) -> KeyStore:
    return MemoryStore() if request.param == "memory" else FileStore(directory)


def test_the_same_question_gives_the_same_key(store: KeyStore) -> None:
    assert store.key_for(ISSUER, "desktop").point == store.key_for(ISSUER, "desktop").point


def test_no_key_is_shared_between_services_or_applications(store: KeyStore) -> None:
    asked = [(ISSUER, "desktop"), (ISSUER, "other"), ("https://other.example", "desktop"), (f"{ISSUER}/desktop", "")]
    assert len({store.key_for(*pair).point for pair in asked}) == len(asked)


def test_a_key_that_can_be_copied_says_so(store: KeyStore) -> None:
    assert store.key_for(ISSUER, "desktop").storage == "software"


def test_a_key_shows_no_secret(store: KeyStore) -> None:
    key = store.key_for(ISSUER, "desktop")
    assert isinstance(key, SoftwareKey)
    assert key.to_pem().decode().splitlines()[1] not in repr(key) + str(key)


def test_a_key_outlives_the_store(directory: Path) -> None:
    assert FileStore(directory).key_for(ISSUER, "a").point == FileStore(str(directory)).key_for(ISSUER, "a").point


def test_without_a_directory_it_is_the_users_data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
    FileStore().key_for(ISSUER, "desktop")
    assert the_file(tmp_path / "counterfoil").suffix == ".pem"


@posix
def test_only_the_owner_may_read(directory: Path) -> None:
    old = os.umask(0)
    try:
        FileStore(directory).key_for(ISSUER, "desktop")
    finally:
        os.umask(old)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_file(directory).stat().st_mode) == 0o600


@pytest.mark.parametrize("client_id", ["../../escape", "a/b", "..", "x" * 5000, "nul\x00"])
def test_no_name_leads_out_of_the_directory(directory: Path, client_id: str) -> None:
    FileStore(directory).key_for(ISSUER, client_id)
    assert the_file(directory).parent == directory


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777])
def test_a_file_that_others_may_read_is_refused_with_a_way_out(directory: Path, mode: int) -> None:
    FileStore(directory).key_for(ISSUER, "desktop")
    the_file(directory).chmod(mode)
    with pytest.raises(KeyStoreError) as caught:
        FileStore(directory).key_for(ISSUER, "desktop")
    assert f"chmod 600 '{the_file(directory)}'" in caught.value.hint
    the_file(directory).chmod(0o600)
    FileStore(directory).key_for(ISSUER, "desktop")


@posix
def test_a_directory_that_others_may_write_is_refused_with_a_way_out(directory: Path) -> None:
    FileStore(directory).key_for(ISSUER, "desktop")
    directory.chmod(0o770)
    with pytest.raises(KeyStoreError) as caught:
        FileStore(directory).key_for(ISSUER, "desktop")
    assert "chmod 700" in caught.value.hint


@posix
def test_a_link_in_place_of_the_file_is_not_followed(directory: Path) -> None:
    FileStore(directory).key_for(ISSUER, "desktop")
    path = the_file(directory)
    elsewhere = directory.parent / "planted.pem"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(KeyStoreError):
        FileStore(directory).key_for(ISSUER, "desktop")


@posix
def test_a_pipe_in_place_of_the_file_does_not_hang(directory: Path) -> None:
    FileStore(directory).key_for(ISSUER, "desktop")
    path = the_file(directory)
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(KeyStoreError, match="plain file"):
        FileStore(directory).key_for(ISSUER, "desktop")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\xff" * 100_000,
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        pytest.param(
            ec.generate_private_key(ec.SECP384R1()).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            id="another curve",
        ),
        pytest.param(
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            id="another kind",
        ),
        pytest.param(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"password"),
            ),
            id="encrypted",
        ),
    ],
)
def test_a_broken_file_is_refused_and_left_alone(directory: Path, content: bytes) -> None:
    FileStore(directory).key_for(ISSUER, "desktop")
    path = the_file(directory)
    path.write_bytes(content)
    with pytest.raises(KeyStoreError) as caught:
        FileStore(directory).key_for(ISSUER, "desktop")
    assert str(path) in caught.value.hint
    assert path.read_bytes() == content


def test_a_directory_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeyStoreError):
        FileStore(tmp_path / "file" / "keys").key_for(ISSUER, "desktop")


def test_a_full_disk_leaves_nothing_behind(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        del descriptor
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(KeyStoreError, match="No space left"):
        FileStore(directory).key_for(ISSUER, "desktop")
    assert list(directory.iterdir()) == []


def in_threads(count: int, work: Callable[[], DeviceKey]) -> set[tuple[bytes, bytes]]:
    barrier = threading.Barrier(count)
    points: list[tuple[bytes, bytes]] = []

    def run() -> None:
        barrier.wait()
        points.append(work().point)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(points) == count
    return set(points)


def test_threads_that_race_get_one_key(store: KeyStore) -> None:
    assert len(in_threads(8, lambda: store.key_for(ISSUER, "desktop"))) == 1


PROCESS = """
import sys
from counterfoil_client.stores import FileStore
sys.stdin.readline()
print(FileStore(sys.argv[1]).key_for("https://id.example", "desktop").point[0].hex())
"""


def test_processes_that_race_get_one_key(directory: Path) -> None:
    command = [sys.executable, "-c", PROCESS, str(directory)]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = {racer.communicate(timeout=60)[0].strip() for racer in racers}
    assert len(answers) == 1
    assert len(answers.pop()) == 64
    assert the_file(directory).suffix == ".pem", "no draft is left"


def test_the_loser_of_a_race_takes_the_winners_key(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    winner = FileStore(directory)
    real = SoftwareKey.generate
    won: list[DeviceKey] = []

    def slow() -> SoftwareKey:
        if not won:
            won.append(SoftwareKey(real()._private))
            monkeypatch.setattr(SoftwareKey, "generate", real)
            won[0] = winner.key_for(ISSUER, "desktop")
        return real()

    monkeypatch.setattr(SoftwareKey, "generate", slow)
    assert FileStore(directory).key_for(ISSUER, "desktop").point == won[0].point


def test_windows_rename_refuses_a_taken_name_too(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = types.SimpleNamespace(**{**vars(os), "name": "nt"})

    def rename(self: Path, target: Path) -> None:
        os.link(self, target)
        self.unlink()

    monkeypatch.setattr("counterfoil_client.stores.private_file.os", windows)
    monkeypatch.setattr(Path, "rename", rename)
    first = FileStore(directory).key_for(ISSUER, "desktop")
    assert FileStore(directory).key_for(ISSUER, "desktop").point == first.point
    assert not _claim(the_file(directory), the_file(directory))
