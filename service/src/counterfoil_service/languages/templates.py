# SPDX-License-Identifier: Apache-2.0
"""Templates that speak one language: ours, and before them those of an operator's folder."""

from typing import TYPE_CHECKING, Any, cast

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    select_autoescape,
)
from markupsafe import Markup, escape

from counterfoil_service.core.languages import direction
from counterfoil_service.languages.catalogue import translations
from counterfoil_service.languages.folder import TemplateFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from gettext import NullTranslations

OURS = "ours"
"""What our own templates are called, too: an operator's `link.html` may extend `ours/link.html`."""

FAILURES = (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What a template raises that does not fit its facts."""


def environment(package: str, language: str, overrides: TemplateFolder | None = None) -> Environment:
    """The templates of a package. `.txt` is not markup; whatever else is gets escaped."""
    environment = _made(package, overrides)
    environment.globals |= {"language": language, "direction": direction(language)}
    environment.filters["bdi"] = bdi
    speak(environment, translations(language))
    return environment


def speak(environment: Environment, texts: "NullTranslations") -> None:
    """Texts come from this catalogue from now on; what stands in their places is escaped."""
    cast("Any", environment).install_gettext_translations(texts, newstyle=True)


def bdi(text: str) -> Markup:
    """Foreign words that cannot turn the direction of ours around them."""
    return Markup("<bdi>{}</bdi>").format(escape(text))


class _Kept(BaseLoader):
    """A folder as it was read; errors name its files."""

    def __init__(self, folder: TemplateFolder) -> None:
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> "tuple[str, str, Callable[[], bool]]":  # noqa: ARG002 - as Jinja calls it
        """As Jinja asks for it."""
        if template not in self._folder.texts:
            raise TemplateNotFound(template)
        return self._folder.texts[template], str(self._folder.path / template), lambda: True

    def list_templates(self) -> list[str]:
        """Names within the folder."""
        return sorted(self._folder.texts)


def _made(package: str, overrides: TemplateFolder | None) -> Environment:
    ours: BaseLoader = PackageLoader(package)
    kind: type[Environment] = Environment
    if overrides is not None:
        # Imported here: few operators have templates of their own, which must reach nothing but what they are given.
        from jinja2.sandbox import SandboxedEnvironment

        kind = SandboxedEnvironment
        ours = ChoiceLoader([_Kept(overrides), ours, PrefixLoader({OURS: ours})])
    environment = kind(
        loader=ours,
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    return environment
