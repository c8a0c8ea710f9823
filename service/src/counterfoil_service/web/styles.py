# SPDX-License-Identifier: Apache-2.0
"""The styles of pages: one stylesheet, ours or an operator's, and a small one for each look that has a colour."""

import hashlib
from base64 import b64encode
from importlib import resources

from counterfoil_service.core.colour import Button
from counterfoil_service.core.look import Look
from counterfoil_service.languages.folder import TemplateFolder

STYLESHEET = "page.css"
FILES = frozenset({STYLESHEET})
"""What an operator may replace beside templates."""


def look_style(look: Look) -> str:
    """The buttons and the seal in the colour of an application, in both schemes."""

    def colours(button: Button) -> str:
        return (
            f":root{{--brand:{button.background};--brand-hover:{button.hover};"
            f"--brand-ink:{button.ink};--brand-edge:{button.edge}}}"
        )

    return f"{colours(look.light)}@media (prefers-color-scheme:dark){{{colours(look.dark)}}}"


def file_of(name: str, overrides: TemplateFolder | None) -> str:
    """A file of ours, or the one that an operator puts in its place."""
    # Read as text: browsers hash what they parsed, with every line end a single LF.
    if overrides is not None and name in overrides.texts:
        return overrides.texts[name]
    return resources.files(__package__).joinpath("templates", name).read_text("utf-8")


def style_hash(text: str) -> str:
    """As a content security policy names it."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
