# SPDX-License-Identifier: Apache-2.0
"""An operator's own templates, read once: what was checked is what is served, whatever becomes of the files."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

IGNORED = frozenset({".DS_Store", ".gitignore", ".gitkeep"})


class TemplateFolder(Struct, frozen=True):
    """Texts by their names within `path`; `unreadable` has, for the others, what went wrong."""

    path: Path
    texts: Mapping[str, str]
    unreadable: Mapping[str, str]


class OwnTemplates(Struct, frozen=True):
    """Both folders; None where there is none."""

    mail: TemplateFolder | None = None
    pages: TemplateFolder | None = None


def read_templates(folder: Path | None) -> OwnTemplates:
    """All that is there."""
    if folder is None:
        return OwnTemplates()
    return OwnTemplates(read_folder(folder / "mail"), read_folder(folder / "pages"))


def read_folder(folder: Path) -> TemplateFolder | None:
    """One of the two; None where there is none."""
    if not folder.is_dir():
        return None
    texts, unreadable = {}, {}
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix()
        try:
            texts[name] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            unreadable[name] = type(error).__name__
    return TemplateFolder(folder, texts, unreadable)


def files_of(folder: Path) -> list[Path]:
    """What an operator put there, in an order that stays."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in IGNORED]
