# SPDX-License-Identifier: Apache-2.0
"""Exporting the log into a folder: whole or not at all, only what is new, and never over what is there already."""

from pathlib import Path

import pytest

from counterfoil_service.audit import export_folder
from counterfoil_service.audit.evidence import AlteredError, read_checkpoint
from counterfoil_service.audit.files import write_whole
from counterfoil_service.audit.log_folder import LogFolder
from counterfoil_service.audit.verify import Verified, Verifier, verify
from counterfoil_service.core.tile_files import parse_tile_path
from counterfoil_service.operations.prune_log import PruneLog, prune_log
from support import acting
from support.exported_log import export_to
from support.stage import Stage
from support.verifying import grown, newest_of, objection, verified, vkey_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Not beside the database."""
    return tmp_path / "log"


REMADE = ("DELETE FROM checkpoints", "DELETE FROM log_tiles", "UPDATE audit_events SET leaf_index = NULL")


async def offline(stage: Stage, folder: Path) -> Verified:
    """The folder, by the key alone."""
    source = LogFolder(folder, vkey_of(stage.database))
    return await verify(source, Verifier([source.checkpoint]), lambda: None)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file: its bytes, and which one it is."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_ino) for path in paths}


async def refusal(stage: Stage, folder: Path) -> AlteredError:
    """An export that must not be made; the folder must stay as it is."""
    before = contents(folder)
    with pytest.raises(AlteredError) as caught:
        await export_to(stage.database, folder)
    assert contents(folder) == before
    return caught.value


async def test_the_files_are_those_of_tlog_tiles_and_prove_themselves(stage: Stage, folder: Path) -> None:
    size = await grown(stage.database, 300, 300)
    exported = await export_to(stage.database, folder)
    found = contents(folder)
    assert (exported.size, exported.written, exported.pruned) == (size, len(found), 0)
    tree = {name for name in found if name.startswith("tile/")}
    assert {parse_tile_path(name)[:2] for name in tree} == {
        *((0, number) for number in range(3)), *((None, number) for number in range(3)), (1, 0)
    }  # fmt: skip
    assert found.keys() - tree == {"checkpoint", "key", "checkpoints/001", "checkpoints/002"}
    assert found["checkpoint"][0].decode() == await newest_of(stage.database)
    assert found["key"][0].decode() == f"{vkey_of(stage.database)}\n"
    assert (await offline(stage, folder)).checked == size


async def test_a_second_export_adds_what_is_new_and_touches_nothing_else(stage: Stage, folder: Path) -> None:
    await grown(stage.database, 300)
    await export_to(stage.database, folder)
    before = contents(folder)
    assert (await export_to(stage.database, folder)).written == 0
    size = await grown(stage.database, 100, 200)
    await export_to(stage.database, folder)
    after = contents(folder)
    changed = {name for name, content in before.items() if after[name] != content}
    assert changed == {"checkpoint", "checkpoints/001"}
    assert after["checkpoints/001"][0].startswith(before["checkpoints/001"][0])
    assert (await offline(stage, folder)).checked == size


async def test_a_log_that_was_changed_is_not_exported_over_what_it_was(sqlite_stage: Stage, folder: Path) -> None:
    await grown(sqlite_stage.database, 300, 300)
    await export_to(sqlite_stage.database, folder)
    for sql, index in (
        ("UPDATE log_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND tile = 1", 256),
        ("DELETE FROM log_tiles WHERE level = 0 AND tile = 0", 0),
        ("UPDATE checkpoints SET note = (SELECT max(note) FROM checkpoints)", None),
    ):
        kept = await sqlite_stage.rows("SELECT level, tile, hashes FROM log_tiles")
        notes = await sqlite_stage.rows("SELECT size, note FROM checkpoints")
        await acting.execute(sqlite_stage, sql)
        assert (await refusal(sqlite_stage, folder)).index == index, sql
        await acting.execute(sqlite_stage, "DELETE FROM log_tiles")
        for level, tile, hashes in kept:
            insert = "INSERT INTO log_tiles (level, tile, hashes) VALUES (:level, :tile, :hashes)"
            await acting.execute(sqlite_stage, insert, level=level, tile=tile, hashes=hashes)
        for size, note in notes:
            await acting.execute(sqlite_stage, "UPDATE checkpoints SET note = :n WHERE size = :s", n=note, s=size)
    assert (await export_to(sqlite_stage.database, folder)).written == 0


async def test_entries_that_were_edited_later_do_not_replace_what_was_exported(
    sqlite_stage: Stage, folder: Path
) -> None:
    await grown(sqlite_stage.database, 300)
    await export_to(sqlite_stage.database, folder)
    await acting.execute(sqlite_stage, "UPDATE audit_events SET reason = 'made_up' WHERE leaf_index IN (7, 290)")
    assert (await export_to(sqlite_stage.database, folder)).written == 0
    await offline(sqlite_stage, folder)


async def test_a_log_that_was_made_again_or_cut_is_not_that_of_the_folder(sqlite_stage: Stage, folder: Path) -> None:
    await grown(sqlite_stage.database, 200, 300)
    await export_to(sqlite_stage.database, folder)
    await acting.execute(sqlite_stage, "UPDATE audit_events SET reason = 'forged' WHERE position = 4")
    for sql in REMADE:
        await acting.execute(sqlite_stage, sql)
    await grown(sqlite_stage.database, 0)
    assert "first 502 entries are not those in" in str(await refusal(sqlite_stage, folder))
    await grown(sqlite_stage.database, 300)
    assert "first 502 entries are not those in" in str(await refusal(sqlite_stage, folder))
    await acting.execute(sqlite_stage, "DELETE FROM audit_events WHERE position > 100")
    for sql in REMADE:
        await acting.execute(sqlite_stage, sql)
    await grown(sqlite_stage.database, 0)
    assert "has 502 entries, but the newest checkpoint covers 100" in str(await refusal(sqlite_stage, folder))


async def test_the_folder_of_another_log_is_left_alone(sqlite_stage: Stage, folder: Path) -> None:
    await grown(sqlite_stage.database, 3)
    note = "elsewhere.example/log\n1\nAAAA\n\n— elsewhere.example/log AAAAAAAA\n"
    write_whole(folder / "checkpoint", note.encode())
    assert "is not of this log" in str(await refusal(sqlite_stage, folder))


@pytest.mark.parametrize("broken", ["tile/entries/001", "tile/0/003", "checkpoints/003", "checkpoint"])
async def test_an_export_that_breaks_off_leaves_the_older_state_and_is_made_good_by_the_next(
    sqlite_stage: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    old = await grown(sqlite_stage.database, 300)
    await export_to(sqlite_stage.database, folder)
    new = await grown(sqlite_stage.database, 500)

    def breaking(path: Path, data: bytes) -> None:
        if str(path.relative_to(folder)).startswith(broken):
            raise OSError(28, "No space left on device")
        write_whole(path, data)

    monkeypatch.setattr(export_folder, "write_whole", breaking)
    with pytest.raises(OSError, match="No space"):
        await export_to(sqlite_stage.database, folder)
    monkeypatch.undo()
    assert (await offline(sqlite_stage, folder)).checked == old
    newer = await grown(sqlite_stage.database, 7)
    await export_to(sqlite_stage.database, folder)
    assert (await offline(sqlite_stage, folder)).checked == newer == new + 7
    assert not [name for name in contents(folder) if "/." in name or name.startswith(".")]


async def test_entries_that_are_missing_or_no_leaves_are_not_exported(sqlite_stage: Stage, folder: Path) -> None:
    await grown(sqlite_stage.database, 300)
    await acting.execute(sqlite_stage, "UPDATE audit_events SET outcome = 'perhaps' WHERE leaf_index = 280")
    with pytest.raises(AlteredError, match="entry 280 is no leaf"):
        await export_to(sqlite_stage.database, folder)
    await acting.execute(sqlite_stage, "DELETE FROM audit_events WHERE leaf_index = 280")
    with pytest.raises(AlteredError, match="entry 280 is missing"):
        await export_to(sqlite_stage.database, folder)


async def pruned(stage: Stage, bundles: int) -> None:
    """Let the service take out its oldest entries, and seal that it did."""
    command = PruneLog(stage.clock() + 1, bundles, "by_operator")
    assert await stage.database.write(prune_log, command) == bundles
    await grown(stage.database, 0)


async def test_a_pruned_log_is_exported_with_the_hashes_of_what_is_gone_and_verifies(
    stage: Stage, folder: Path
) -> None:
    await grown(stage.database, 300, 400)
    before, after = folder / "before", folder / "after"
    await export_to(stage.database, before)
    await pruned(stage, 2)
    await grown(stage.database, 300)
    assert (await verified(stage.database)).pruned == 512
    exported = await export_to(stage.database, after)
    assert (exported.pruned, (await offline(stage, after)).pruned) == (512, 512)
    assert not list(after.glob("tile/entries/000*"))
    await export_to(stage.database, before)
    assert (await offline(stage, before)).pruned == 0, "what was exported earlier is still there"
    (before / "tile/entries/001").unlink()
    assert (await offline(stage, before)).pruned == 256
    next(after.glob("tile/entries/003.p/*")).unlink()
    with pytest.raises(AlteredError, match="entry 768 is missing"):
        await offline(stage, after)


async def test_pruning_does_not_hide_a_deletion(stage: Stage) -> None:
    await grown(stage.database, 700)
    await pruned(stage, 1)
    await acting.execute(stage, "DELETE FROM audit_events WHERE leaf_index < 512")
    assert (await objection(stage.database)).index == 256
    await acting.execute(stage, "DELETE FROM audit_events WHERE name = 'audit.pruned'")
    assert (await objection(stage.database)).index == 0


async def test_an_event_that_is_not_in_the_log_announces_nothing(stage: Stage) -> None:
    """Whoever has the database can write a row, but cannot have it sealed before the deletion."""
    await grown(stage.database, 300)
    kept = read_checkpoint(await newest_of(stage.database), vkey_of(stage.database))
    assert await stage.database.write(prune_log, PruneLog(stage.clock() + 1, 1, "by_operator")) == 1
    assert "no event under the checkpoint" in str(await objection(stage.database, kept))
    await grown(stage.database, 0)
    assert (await verified(stage.database, kept)).pruned == 256
