# SPDX-License-Identifier: Apache-2.0
"""Linux and other freedesktop.org systems: one `.desktop` file and one line of `mimeapps.list`, both of this user.

Desktop Entry Specification 1.5 (the `Exec` key), Association between MIME types and applications 1.0.1.
"""

import os
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from counterfoil_client._redirect import check_scheme
from counterfoil_client.errors import ConfigurationError
from counterfoil_client.schemes._checks import check

_MARK = "X-Counterfoil-Scheme"
_PLAIN = re.compile(r"[A-Za-z0-9_./:@+,-]+")
_SECTION = "[Default Applications]"


def register(scheme: str, command: Sequence[str], *, name: str) -> None:
    """Write the `.desktop` file and make it the scheme's default; other programs' claims stay behind it."""
    check(scheme, command, name)
    if "=" in command[0]:
        raise ConfigurationError("command: a program with '=' in its path cannot be started from a desktop file")
    path = _desktop_file(scheme)
    if path.exists() and not _is_ours(scheme):
        raise ConfigurationError(f"{path} is not of our making", hint=f"Look at {path} and move it away.")
    lines = (
        "[Desktop Entry]",
        "Type=Application",
        f"Name={_escaped(name)}",
        f"Exec={_escaped(' '.join(_quoted(part) for part in command))} %u",
        "Terminal=false",
        "NoDisplay=true",
        f"MimeType=x-scheme-handler/{scheme};",
        f"{_MARK}={scheme}",
    )
    _write(path, "\n".join((*lines, "")))
    _edit_defaults(scheme, lambda others: [path.name, *others])


def unregister(scheme: str) -> None:
    """Remove the file and the line's entry, if they are ours."""
    check_scheme(scheme)
    if _is_ours(scheme):
        _desktop_file(scheme).unlink()
        _edit_defaults(scheme, lambda others: others)


def is_registered(scheme: str) -> bool:
    """Whether our file is there and first in line."""
    check_scheme(scheme)
    names = _defaults(_read(_mimeapps()).split("\n"), scheme)
    return _is_ours(scheme) and names[:1] == [_desktop_file(scheme).name]


def _quoted(argument: str) -> str:
    """One argument of `Exec`: quoted where a reserved character asks for it; a percent sign begins a field code."""
    doubled = argument.replace("%", "%%")
    return doubled if _PLAIN.fullmatch(argument) else '"' + re.sub(r'(["`$\\])', r"\\\1", doubled) + '"'


def _escaped(value: str) -> str:
    """A value of type string: the rule that is applied after the quoting, and undone before it."""
    leading = len(value) - len(value.lstrip(" "))
    return "\\s" * leading + value[leading:].replace("\\", "\\\\")


def _home(variable: str, default: str) -> Path:
    """A base directory; a relative one is to be ignored (XDG Base Directory Specification)."""
    found = os.environ.get(variable, "")
    return Path(found) if os.path.isabs(found) else Path.home() / default  # noqa: PTH117 - an empty text is no path


def _desktop_file(scheme: str) -> Path:
    return _home("XDG_DATA_HOME", ".local/share") / "applications" / f"counterfoil-{scheme}.desktop"


def _mimeapps() -> Path:
    return _home("XDG_CONFIG_HOME", ".config") / "mimeapps.list"


def _is_ours(scheme: str) -> bool:
    return f"{_MARK}={scheme}" in _read(_desktop_file(scheme)).splitlines()


def _read(path: Path) -> str:
    """The text of a file, byte for byte; none is an empty one."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""


def _write(path: Path, text: str) -> None:
    """Replace a file at once, so that no reader meets half of it; a link to it stays a link."""
    real = path.resolve()
    real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = real.with_name(f".{real.name}.{secrets.token_hex(8)}")
    try:
        draft.write_bytes(text.encode(errors="surrogateescape"))
        draft.replace(real)
    finally:
        draft.unlink(missing_ok=True)


def _edit_defaults(scheme: str, change: Callable[[list[str]], list[str]]) -> None:
    """Change the scheme's line among the defaults, given the other programs in it; every other line stays as it is."""
    path = _mimeapps()
    before = _read(path)
    lines = before.removesuffix("\n").split("\n") if before else []
    ours = _desktop_file(scheme).name
    wanted = change([one for one in _defaults(lines, scheme) if one != ours])
    start, end = _section(lines)
    kept = [line for line in lines[start:end] if _key(line) != _kind(scheme)]
    if wanted:
        kept.insert(0, f"{_kind(scheme)}={';'.join(wanted)};")
    if start == 0 and wanted:
        kept.insert(0, _SECTION)
        start = end = len(lines)
    after = "\n".join((*lines[:start], *kept, *lines[end:], ""))
    if after != before and (lines or wanted):
        _write(path, after)


def _defaults(lines: list[str], scheme: str) -> list[str]:
    start, end = _section(lines)
    found = [line.partition("=")[2] for line in lines[start:end] if _key(line) == _kind(scheme)]
    return [one.strip() for one in ";".join(found).split(";") if one.strip()]


def _section(lines: list[str]) -> tuple[int, int]:
    """Where the defaults begin and end, without their title; (0, 0) if there are none."""
    titles = [number for number, line in enumerate(lines) if line.strip() == _SECTION]
    if not titles:
        return 0, 0
    start = titles[0] + 1
    ends = [number for number, line in enumerate(lines) if number >= start and line.startswith("[")]
    return start, ends[0] if ends else len(lines)


def _key(line: str) -> str:
    return line.partition("=")[0].strip()


def _kind(scheme: str) -> str:
    return f"x-scheme-handler/{scheme}"
