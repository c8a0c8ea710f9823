# SPDX-License-Identifier: Apache-2.0
"""`audit verify`: hold the log against its checkpoints, and against those that were kept elsewhere."""

import sys
from functools import partial
from pathlib import Path

import click

from counterfoil_service.audit.evidence import AlteredError
from counterfoil_service.audit.resume import ResumeError
from counterfoil_service.cli.database import run
from counterfoil_service.cli.output import fail, json_option, show_json
from counterfoil_service.cli.verification import Verdict, Wanted, verify_files, verify_live

_INTERRUPTED = 130
_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--folder", type=_PATH, help="A folder of `audit export --format tiles`, instead of the database.")
@click.option("--entries", type=_PATH, help="A file of `audit export --format jsonl`, instead of the database.")
@click.option("--key", help="The log's public key, as `audit checkpoint` prints it.")
@click.option(
    "--against", type=_PATH, multiple=True, help="A checkpoint that was kept elsewhere; several may be given."
)
@click.option(
    "--policy", type=_PATH, help="Witnesses that must have cosigned the newest checkpoint (C2SP tlog-policy)."
)
@click.option("--resume", type=_PATH, help="Keep in this file how far it came, and go on there the next time.")
@json_option
def verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    folder: Path | None,
    entries: Path | None,
    key: str | None,
    against: tuple[Path, ...],
    policy: Path | None,
    resume: Path | None,
    as_json: bool,  # noqa: FBT001 - click passes by name
) -> None:
    """Check every entry; exits with 0 only for an untouched log, else names the first place that does not fit.

    With --folder nothing but its files and --key are used, with --entries nothing but the file, --key and --against: no
    database, no secret. Entries that were cut off at the end show only against a newer checkpoint, kept elsewhere.

    With --resume entries that were checked earlier are not read again: what was changed in them since is not seen. Keep
    the file where the checkpoints are kept; whoever can write to it can have entries passed over. Remove it to check
    everything again.
    """
    wanted = Wanted(folder, entries, key, against, policy, resume)
    try:
        outcome = verify_files(wanted) if wanted.is_offline else run(partial(verify_live, wanted=wanted))
    except AlteredError as error:
        _object(f"the audit log was changed: {error}", error.index, as_json=as_json)
    except ResumeError as error:
        fail(f"--resume: {error}")
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    if outcome.quorum is not None:
        _object(outcome.quorum, None, as_json=as_json)
    _tell(outcome, as_json=as_json)


def _object(problem: str, index: int | None, *, as_json: bool) -> None:
    if not as_json:
        fail(problem)
    show_json({"verified": False, "entry": index, "problem": problem})
    sys.exit(1)


def _tell(outcome: Verdict, *, as_json: bool) -> None:
    verified = outcome.verified
    size, checked, pruned = verified.checkpoint.size, verified.checked, verified.pruned
    if as_json:
        root = verified.checkpoint.root.hex()
        show_json({"verified": True, "size": size, "root": root, "checked": checked, "pruned": pruned})
        return
    click.echo(f"{size} entries fit the checkpoint of size {size}.")
    if checked < size:
        click.echo(f"The first {size - checked} of them were checked earlier, and not read again.")
    if pruned:
        click.echo(f"{pruned} of them were pruned, as the log says: their hashes alone are there.")
