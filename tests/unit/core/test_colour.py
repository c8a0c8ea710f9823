# SPDX-License-Identifier: Apache-2.0
"""Whatever colour an application chooses, its buttons can be read and be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.application import OWN, Application
from counterfoil_service.core.colour import BLACK, WHITE, button, contrast, is_colour
from counterfoil_service.core.look import OUR_LOOK, Look, look_of

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
PAPERS = [("#fdfefd", "#64766e"), ("#17211d", "#84988f")]


@given(COLOURS)
def test_the_words_on_a_button_have_enough_contrast_under_a_pointer_too(colour: str) -> None:
    for paper, edge in PAPERS:
        made = button(colour, paper=paper, edge=edge)
        assert made.background == colour
        assert made.ink in {BLACK, WHITE}
        assert 4.5 <= contrast(made.ink, made.background) <= contrast(made.ink, made.hover) + 0.01


@given(COLOURS)
def test_a_button_is_seen_on_its_paper_by_its_colour_or_by_its_edge(colour: str) -> None:
    for paper, edge in PAPERS:
        assert contrast(button(colour, paper=paper, edge=edge).edge, paper) >= 3


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ff0000", "#ffffff", 4.0)],
)
def test_the_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize("text", ["", "#fff", "red", "#12345g", "#123456;}", "#123456\n", "0b5a45", "#0b5a45 "])
def test_what_is_no_colour_never_reaches_a_stylesheet(text: str) -> None:
    assert not is_colour(text)
    assert look_of(_application(colour=text)).colour is None


def test_our_own_buttons_are_held_to_the_same() -> None:
    for made, (paper, _) in zip((OUR_LOOK.light, OUR_LOOK.dark), PAPERS, strict=True):
        assert contrast(made.ink, made.background) >= 4.5
        assert contrast(made.ink, made.hover) >= 4.5
        assert contrast(made.edge, paper) >= 3


def test_a_look_is_the_logo_text_or_the_name() -> None:
    assert look_of(OWN) == OUR_LOOK == Look("Counterfoil")
    assert look_of(_application(logo_text="LEDGER", colour="#AA0000")) == Look("LEDGER", "#AA0000")
    assert look_of(_application()) == Look("Ledgerline")


def _application(logo_text: str | None = None, colour: str | None = None) -> Application:
    return Application("a", "Ledgerline", ("email",), (), "required", "off", 0, logo_text=logo_text, colour=colour)
