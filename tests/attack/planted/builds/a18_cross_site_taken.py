# SPDX-License-Identifier: Apache-2.0
"""Forms of other sites are taken."""

ROW = "A18"
WEAKNESS = "nobody asks from where a form was sent"


def plant() -> None:
    """Every site is ours."""
    from counterfoil_service.web import link_pages

    link_pages.refuse_cross_site = lambda _: None
