# SPDX-License-Identifier: Apache-2.0
"""The `.po` files, read when the first page or mail in their language is written; nothing is compiled beforehand."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO

from counterfoil_service.core.languages import ENGLISH


@cache
def translations(language: str) -> NullTranslations:
    """One language's texts, kept by the process; English texts are their own translation."""
    if language == ENGLISH:
        return NullTranslations()
    # Imported here: who speaks English alone needs none of it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with resources.files(__package__).joinpath(f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
