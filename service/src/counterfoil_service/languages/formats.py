# SPDX-License-Identifier: Apache-2.0
"""Times, durations and places as a language says them. English has its own words; the others have CLDR's."""

from datetime import UTC, datetime

from counterfoil_service.core.languages import ENGLISH
from counterfoil_service.core.moments import in_utc, in_words
from counterfoil_service.core.words import N_
from counterfoil_service.languages.catalogue import translations

_MINUTE = 60
_HOUR = 60 * _MINUTE


def moment_words(moment: datetime, language: str) -> str:
    """In UTC, as nobody's zone is known; ValueError for a time without a zone."""
    if language == ENGLISH:
        return in_words(moment)
    from babel.dates import format_date, format_time, get_datetime_format

    utc = in_utc(moment)
    time = format_time(utc, "short", tzinfo=UTC, locale=language)
    whole = str(get_datetime_format("long", locale=language))
    return whole.replace("{1}", format_date(utc, "long", locale=language)).replace("{0}", f"{time} UTC")


def ago(seconds: int, language: str = ENGLISH) -> str:
    """A duration as people say it; a clock that runs behind gives the shortest."""
    texts = translations(language)
    if seconds < _MINUTE:
        return texts.gettext("less than a minute ago")
    if seconds < _HOUR:
        count = seconds // _MINUTE
        return texts.ngettext("%(num)d minute ago", "%(num)d minutes ago", count) % {"num": count}
    count = seconds // _HOUR
    return texts.ngettext("%(num)d hour ago", "%(num)d hours ago", count) % {"num": count}


def place_words(country: str | None, words: str | None, language: str) -> str | None:
    """A place kept in English words, `Germany, Deutsche Telekom AG`, with the country in those of the language."""
    if words is None or country is None or language == ENGLISH:
        return words
    from babel import Locale

    name = Locale.parse(ENGLISH).territories.get(country)
    if name is None or not (words == name or words.startswith(f"{name}, ")):
        return words
    named = str(Locale.parse(language).territories.get(country, name))
    network = words.removeprefix(name).removeprefix(", ")
    if not network:
        return named
    return translations(language).gettext(N_("%(country)s, %(network)s")) % {"country": named, "network": network}
