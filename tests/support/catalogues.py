# SPDX-License-Identifier: Apache-2.0
"""The texts that people read, as the sources have them; `just languages` brings every language's file up to it."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from counterfoil_service.core.languages import ENGLISH, LANGUAGES

SOURCE = Path(__file__).parents[2] / "service" / "src" / "counterfoil_service"
TRANSLATED = [language for language in LANGUAGES if language != ENGLISH]

_METHODS = [("**/templates/*.html", "jinja2"), ("**/templates/*.txt", "jinja2"), ("**.py", "python")]
_OPTIONS = {f"**/templates/*.{kind}": {"trimmed": "true", "silent": "false"} for kind in ("html", "txt")}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_TRANSIENT = tuple(
    f'"{header}:'
    for header in (
        *("Project-Id-Version", "Report-Msgid-Bugs-To", "POT-Creation-Date", "PO-Revision-Date"),
        *("Last-Translator", "Language-Team", "Generated-By"),
    )
)
_COUNT = "%(num)d"
_PLACES = re.compile(r"%\(\w+\)[sd]|</?\w+>")


def collected() -> Catalog:
    """Every marked text, in the order of the files."""
    catalogue = _empty()
    found = extract_from_dir(SOURCE, _METHODS, _OPTIONS, _KEYWORDS, ())
    for name, _, message, comments, context in sorted(found, key=lambda each: each[:2]):
        catalogue.add(message, None, [(name, 1)], auto_comments=comments, context=context)
    return catalogue


def kept(language: str) -> Catalog:
    """What is in a language's file."""
    with file_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def file_of(language: str) -> Path:
    """Where it is."""
    return SOURCE / "languages" / f"{language}.po"


def places(text: str) -> list[str]:
    """What a translation must leave as it is: places for facts, and tags."""
    return sorted(set(_PLACES.findall(text)))


def troubles(language: str, catalogue: Catalog, wanted: Catalog) -> Iterator[str]:
    """What a file lacks, and has too much."""
    ours, theirs = ({message.id: message for message in each if message.id} for each in (wanted, catalogue))
    yield from (f"{language} has no {id_!r}" for id_ in ours.keys() - theirs.keys())
    yield from (f"{language} still has {id_!r}" for id_ in theirs.keys() - ours.keys())
    yield from (f"{language} keeps the obsolete {id_!r}" for id_ in catalogue.obsolete)
    for id_, message in theirs.items():
        yield from (f"{language}: {id_!r} {trouble}" for trouble in _troubles(message, catalogue.num_plurals))


def _troubles(message: Message, plurals: int) -> Iterator[str]:
    if message.fuzzy:
        yield "is fuzzy"
    wanted = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
    given = _strings(message)
    if len(given) != (plurals if message.pluralizable else 1):
        yield "lacks a plural form"
    for text in (each or "" for each in given):
        if not text.strip():
            yield "is not translated"
        elif (kept_places := places(text)) != places(wanted[-1]) and not (
            # Many languages have a word of its own for one, or for two.
            message.pluralizable and {*kept_places, _COUNT} == set(places(wanted[-1]))
        ):
            yield f"has {kept_places} for {places(wanted[-1])}"
        elif re.sub(_PLACES, "", text).count("%") or "\n" in text:
            yield "has a percent sign or a line end"


def _strings(message: Message) -> tuple[str | None, ...]:
    return tuple(message.string) if isinstance(message.string, (list, tuple)) else (message.string,)


def update() -> None:
    """Write every file anew: texts that are new wait for their translation, those that are gone are dropped."""
    wanted = collected()
    for language in TRANSLATED:
        catalogue = kept(language) if file_of(language).exists() else _empty(language)
        catalogue.update(wanted, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        write(language, catalogue)
        missing = sum(not all(_strings(message)) for message in catalogue if message.id)
        print(f"{language}: {missing} of {len(catalogue)} texts wait for their translation")  # noqa: T201 - a command


def write(language: str, catalogue: Catalog) -> None:
    """Without times and places in the source, which would change with every run."""
    written = BytesIO()
    write_po(written, catalogue, width=110, include_lineno=False)
    lines = written.getvalue().decode().splitlines(keepends=True)
    file_of(language).write_text("".join(line for line in lines if not line.startswith(_TRANSIENT)), "utf-8")


def _empty(language: str | None = None) -> Catalog:
    return Catalog(language, header_comment="# SPDX-License-Identifier: Apache-2.0", fuzzy=False)


if __name__ == "__main__":
    update()
