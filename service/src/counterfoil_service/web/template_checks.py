# SPDX-License-Identifier: Apache-2.0
"""An operator's pages, tried with made-up facts: they must do what ours do, and load nothing."""

from counterfoil_service.core.languages import ENGLISH
from counterfoil_service.languages.folder import TemplateFolder
from counterfoil_service.languages.markup import Markup
from counterfoil_service.languages.overrides import misread, tried
from counterfoil_service.languages.templates import environment
from counterfoil_service.web.pages import Pages
from counterfoil_service.web.samples import every_page
from counterfoil_service.web.styles import FILES

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
    found += tried(folder.path, lambda: found.extend(_differences(folder)))
    return list(dict.fromkeys(found))


def _differences(folder: TemplateFolder) -> list[str]:
    theirs, ours = Pages(overrides=folder), Pages()
    return [
        f"{folder.path / template} ({variant or 'as it is'}): {trouble}"
        for (template, variant, shown), (_, _, own) in zip(every_page(theirs), every_page(ours), strict=True)
        for trouble in _difference(Markup(shown), Markup(own), theirs)
    ]


def _difference(shown: Markup, own: Markup, pages: Pages) -> list[str]:
    found = [f"{loaded} would load or run something, which the policy of pages forbids" for loaded in shown.loads()]
    if any("style" in attributes for _, attributes in shown.elements):
        found.append("style attributes are forbidden by the policy of pages; write pages/page.css, or use --colour")
    if shown.raw["style"] != [pages.stylesheet]:
        found.append("it must hold {{ stylesheet }} as ours does, and no other <style>; write pages/page.css instead")
    if shown.raw["script"] != own.raw["script"]:
        found.append("it may hold no script but ours")
    if shown.forms != own.forms:
        lacking = [each for form in own.forms for each in form if each not in {part for f in shown.forms for part in f}]
        found.append(f"its forms are not those of ours ({lacking[0] if lacking else 'something was added'})")
    if missing := [each for each in own.addresses() if each not in shown.addresses()]:
        found.append(f"it does not lead to {missing[0]} any more")
    return found
