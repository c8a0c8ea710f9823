# SPDX-License-Identifier: Apache-2.0
"""Words of other languages are longer: on a small phone and on a wide screen none is cut off or leaves the page."""

from typing import Final

import pytest
from axe_playwright_python.async_playwright import Axe

from counterfoil_service.core.languages import LANGUAGES
from counterfoil_service.core.look import Look
from counterfoil_service.mail.render import MailTemplates
from counterfoil_service.mail.samples import every_mail
from counterfoil_service.web.pages import Pages
from counterfoil_service.web.samples import every_page
from support.background import LoopThread
from support.phone import Phone

WIDTHS = (320, 1200)
MISFITS: Final = """() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  const needed = document.documentElement.scrollWidth;
  if (needed > width) found.push(`the page is ${needed} wide`);
  for (const each of document.querySelectorAll('body *')) {
    if (each.closest('svg, .band, script, style')) continue;
    const box = each.getBoundingClientRect();
    const said = `${each.localName}.${each.className}: ${each.textContent.trim().slice(0, 60)}`;
    if (box.width && (box.left < -1 || box.right > width + 1)) found.push(`outside: ${said}`);
    const style = getComputedStyle(each);
    if (style.overflowX !== 'visible' && each.scrollWidth > each.clientWidth + 1) found.push(`cut off: ${said}`);
    if (style.overflowY !== 'visible' && each.scrollHeight > each.clientHeight + 1) found.push(`cut off: ${said}`);
    if (style.textOverflow === 'ellipsis') found.push(`shortened: ${said}`);
  }
  return found;
}"""


def misfits(phone: Phone, html: str) -> dict[int, list[str]]:
    """What does not fit, by the width of the screen."""
    phone.run(phone.page.set_content(html))
    found = {}
    for width in WIDTHS:
        phone.look(width, 640, "light")
        if there := phone.run(phone.page.evaluate(MISFITS)):
            found[width] = there
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits(phone: Phone, language: str) -> None:
    without_script = {
        (template, variant): html.replace("<script>", "<template>").replace("</script>", "</template>")
        for template, variant, html in every_page(Pages("", language))
    }
    assert {name: found for name, html in without_script.items() if (found := misfits(phone, html))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_fits(phone: Phone, language: str) -> None:
    found = {}
    for template, variant, message in every_mail(language, MailTemplates()):
        part = message.get_body(("html",))
        assert part is not None
        if there := misfits(phone, str(part.get_content())):
            found[template, variant] = there
    assert found == {}


@pytest.mark.parametrize("language", ["ar", "ja"])
@pytest.mark.parametrize("colour", [None, "#f2c037", "#7d7d7d"])
def test_the_link_page_serves_everybody_in_every_writing_and_colour(
    phone: Phone, loop: LoopThread, language: str, colour: str | None
) -> None:
    pages = Pages("", language).dressed(Look("Ledgerline", colour))
    shown = {variant: html for template, variant, html in every_page(pages) if template == "link.html"}
    for variant in ("may return", "wrong code", "same browser"):
        phone.run(phone.page.set_content(shown[variant]))
        for scheme in ("light", "dark"):
            phone.look(320, 640, scheme)
            found = loop.run(Axe().run(phone.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}))
            assert found.violations_count == 0, found.generate_snapshot()


@pytest.mark.parametrize(
    "style",
    ["button { white-space: nowrap }", "h1 { height: 1em; overflow: hidden }", ".facts { min-width: 25rem }"],
)
def test_what_does_not_fit_is_found(phone: Phone, style: str) -> None:
    (html,) = [
        html
        for template, variant, html in every_page(Pages("", "de"))
        if (template, variant) == ("link.html", "may return")
    ]
    assert misfits(phone, html.replace("</style>", style + "</style>"))
