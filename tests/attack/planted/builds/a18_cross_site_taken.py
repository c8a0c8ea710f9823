# SPDX-License-Identifier: Apache-2.0
"""Forms of other sites are taken."""

from attack.planted.scan import put

ROW = "A18"
WEAKNESS = "nobody asks from where a form was sent"


def plant() -> None:
    """Every site is ours."""
    put("web.link_pages", "refuse_cross_site", lambda _: None)
