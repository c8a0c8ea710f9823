# SPDX-License-Identifier: Apache-2.0
"""The part of `doctor` that looks at an operator's own templates."""

from typing import Literal

from counterfoil_service.app import template_troubles
from counterfoil_service.languages.folder import files_of, read_templates
from counterfoil_service.settings import Settings


def check_templates(settings: Settings) -> list[tuple[Literal["ok", "error"], str]]:
    """Verdicts and texts; none where there are no templates but ours."""
    folder = settings.templates
    if folder is None:
        return []
    if troubles := template_troubles(folder, read_templates(folder)):
        return [("error", trouble) for trouble in troubles]
    count = len(files_of(folder))
    return [("ok", f"{folder} replaces {count} of our files, and every page and mail was written with them")]
