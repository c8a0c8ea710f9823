# SPDX-License-Identifier: Apache-2.0
"""What a page says after a form was sent and the browser was led back: a word in the address, a sentence of ours."""

from collections.abc import Mapping
from typing import Final

from litestar import Response

from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.services import AnyRequest

SIGNED_IN_AGAIN: Final = "again"
"""After a button whose sign-in was too old."""

_EVERYWHERE: Final = {SIGNED_IN_AGAIN: "You are signed in again. Nothing was changed yet: press once more."}


def done_of(request: AnyRequest, sentences: Mapping[str, str]) -> str | None:
    """The sentence; None where nothing was done, and for a word that is none of ours."""
    word = Query(request.scope["query_string"]).get("done") or ""
    return sentences.get(word) or _EVERYWHERE.get(word)


def go_back(request: AnyRequest, page: str, done: str) -> Response[str]:
    """To a page below the issuer's path, which then says what was done."""
    return go_to_path(request, f"{path_of(request, page)}?done={done}")


def as_sentence(description: str) -> str:
    """A refusal's words, which begin small for programs, as a person reads them."""
    begun = description[:1].upper() + description[1:]
    return begun if begun.endswith((".", "?")) else f"{begun}."
