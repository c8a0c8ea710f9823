# SPDX-License-Identifier: Apache-2.0
"""An operator's pages, tried with made-up facts: they must do what ours do, and load nothing."""

import re
from collections.abc import Iterator

from counterfoil_service.core.languages import ENGLISH, LANGUAGES
from counterfoil_service.core.look import Look
from counterfoil_service.languages.folder import TemplateFolder
from counterfoil_service.languages.markup import Markup
from counterfoil_service.languages.overrides import misread, tried
from counterfoil_service.languages.templates import environment
from counterfoil_service.web.pages import Pages
from counterfoil_service.web.samples import APPLICATION, SECRET, every_page
from counterfoil_service.web.styles import FILES

LOOK = Look(APPLICATION, "#f2c037")
_UNESCAPED = re.compile(r"<i>\s*(?:Line|laptop)", re.IGNORECASE)
_KNOWN = frozenset(
    {
        *("_", "gettext", "ngettext", "language", "direction", "base", "look", "look_style", "stylesheet"),
        *("waiting_script", "page", "asked", "application_name", "device_label", "band", "icon", "reported"),
    }
)


def page_troubles(folder: TemplateFolder) -> list[str]:
    """Everything that is wrong in a folder of pages; none is shown while there is something."""
    found = misread(folder, environment(__package__, ENGLISH, folder), _KNOWN, FILES)
    if found:
        return found
    for language in LANGUAGES:
        found += tried(folder.path, lambda: found.extend(_differences(folder, language)))  # noqa: B023 - called here
        if found:
            # In the next language most of it would be the same.
            break
    return list(dict.fromkeys(found))


def _differences(folder: TemplateFolder, language: str) -> list[str]:
    theirs, ours = Pages(language=language, overrides=folder), Pages(language=language)
    return [
        f"{folder.path / template} ({variant or 'as it is'}, {language}): {trouble}"
        for their, our in ((theirs, ours), (theirs.dressed(LOOK), ours.dressed(LOOK)))
        for (template, variant, shown), (_, _, own) in zip(every_page(their), every_page(our), strict=True)
        for trouble in (*_difference(Markup(shown), Markup(own), theirs, ours), *_leaks(shown))
    ]


def _leaks(html: str) -> Iterator[str]:
    """Names that are not escaped, and secrets beside their form."""
    markup = Markup(html)
    if _UNESCAPED.search(html) or any("&" in name for _, attributes in markup.elements for name in attributes):
        yield "a name stands in it as markup: it must be escaped, and in quotation marks within an element"
    if html.count(SECRET) != markup.hidden(SECRET):
        yield "{{ page.secret }} may stand in a hidden field alone"


def _difference(shown: Markup, own: Markup, theirs: Pages, ours: Pages) -> list[str]:
    styles = [theirs.stylesheet if style == ours.stylesheet else style for style in own.raw["style"]]
    found = [f"{loaded} would load or run something, which the policy of pages forbids" for loaded in shown.loads()]
    if any("style" in attributes for _, attributes in shown.elements):
        found.append("style attributes are forbidden by the policy of pages; write pages/page.css, or use --colour")
    if shown.refreshes != own.refreshes:
        found.append("it may hold no meta http-equiv but ours")
    if shown.raw["style"] != styles:
        found.append(
            "it must hold {{ stylesheet }} and {{ look_style }} as ours does, and no other <style>; "
            "write pages/page.css instead"
        )
    if shown.raw["script"] != own.raw["script"]:
        found.append("it may hold no script but ours")
    if shown.forms != own.forms:
        lacking = [each for form in own.forms for each in form if each not in {part for f in shown.forms for part in f}]
        found.append(f"its forms are not those of ours ({lacking[0] if lacking else 'something was added'})")
    if missing := [each for each in own.addresses() if each not in shown.addresses()]:
        found.append(f"it does not lead to {missing[0]} any more")
    return found
