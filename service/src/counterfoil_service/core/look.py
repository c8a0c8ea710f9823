# SPDX-License-Identifier: Apache-2.0
"""How an application looks in mail and on pages: the words at the top, and the colour of its buttons."""

from typing import Final

import msgspec

from counterfoil_service.core.application import OWN, Application
from counterfoil_service.core.colour import Button, button, is_colour

_OURS_IN_LIGHT: Final = Button("#0b5a45", "#074535", "#ffffff", "#0b5a45")
_OURS_IN_DARK: Final = Button("#82dcba", "#a5ead0", "#05241a", "#82dcba")
# What the stylesheets of pages and mail call paper and edge.
_LIGHT: Final = {"paper": "#fdfefd", "edge": "#64766e"}
_DARK: Final = {"paper": "#17211d", "edge": "#84988f"}


class Look(msgspec.Struct, frozen=True):
    """`colour` is `#` and six hexadecimal digits; None: ours."""

    label: str
    colour: str | None = None

    @property
    def light(self) -> Button:
        """On light paper."""
        return _OURS_IN_LIGHT if self.colour is None else button(self.colour, **_LIGHT)

    @property
    def dark(self) -> Button:
        """On dark paper."""
        return _OURS_IN_DARK if self.colour is None else button(self.colour, **_DARK)


OUR_LOOK: Final = Look(OWN.name)


def look_of(application: Application) -> Look:
    """Its own, as far as it has one."""
    colour = application.colour
    return Look(application.logo_text or application.name, colour if colour and is_colour(colour) else None)
