# SPDX-License-Identifier: Apache-2.0
"""An operator's templates, looked at before anybody is shown one: each trouble names its file and line."""

import difflib
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from counterfoil_service.languages.folder import IGNORED, TemplateFolder
from counterfoil_service.languages.templates import FAILURES, OURS

FOLDERS = ("mail", "pages")


def strangers(folder: Path) -> list[str]:
    """What lies beside the folders that are read."""
    known = {folder / name for name in FOLDERS}
    return [
        f"{path}: only {folder / 'mail'} and {folder / 'pages'} are read; move it into one of them"
        for path in sorted(folder.iterdir())
        if path not in known and path.name not in IGNORED
    ]


def misread(
    folder: TemplateFolder, environment: Environment, known: frozenset[str], others: frozenset[str]
) -> list[str]:
    """Files that are no templates of ours by name, cannot be read, or use what nobody gives them.

    `known` are the names that a template is given, `others` files of ours that are not templates.
    """
    names = sorted({*folder.texts, *folder.unreadable})
    return [trouble for name in names for trouble in _misread(name, folder, environment, known, others)]


def _misread(
    name: str, folder: TemplateFolder, environment: Environment, known: frozenset[str], others: frozenset[str]
) -> Iterator[str]:
    path = folder.path / name
    prefixed = [each for each in environment.list_templates(["html", "txt"]) if each.startswith(f"{OURS}/")]
    ours = {*(each.removeprefix(f"{OURS}/") for each in prefixed), *others}
    if name not in ours:
        close = difflib.get_close_matches(name, sorted(ours), 1)
        yield f"{path}: no template of that name is ours" + (f"; did you mean {close[0]}?" if close else "")
        return
    if name in folder.unreadable:
        yield f"{path}: cannot be read as UTF-8 ({folder.unreadable[name]})"
        return
    try:
        tree = environment.parse(folder.texts[name], name, str(path))
    except TemplateSyntaxError as error:
        yield f"{path}, line {error.lineno}: {error.message}"
        return
    if name in others:
        return
    for unknown in sorted(meta.find_undeclared_variables(tree) - known):
        lines = (each.lineno for each in tree.find_all(nodes.Name) if each.name == unknown)
        yield f"{path}, line {min(lines, default=1)}: {unknown} is not known here; known are {', '.join(sorted(known))}"


def tried(folder: Path, render: Callable[[], None]) -> list[str]:
    """What goes wrong when the samples are written, as the file and line where it does; no second look is needed."""
    try:
        render()
    except FAILURES as error:
        return [f"{_place(error, folder)}: {type(error).__name__}: {error}"]
    return []


def _place(error: Exception, folder: Path) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(folder))]
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename}, line {error.lineno}"
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else str(folder)
