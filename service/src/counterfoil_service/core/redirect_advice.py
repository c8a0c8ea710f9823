# SPDX-License-Identifier: Apache-2.0
"""For whoever types a redirect URI that may not be registered: the one that was probably meant."""

import re
from typing import Final

from counterfoil_service.core import redirects
from counterfoil_service.core.errors import Refusal

_ORIGIN: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?]*)(?P<rest>.*)", re.DOTALL)
_LOCALHOST: Final = re.compile(r"(?:.*\.)?localhost(?=:|$)")


def advise(uri: str) -> str | None:
    """A URI that may be registered and differs by usual slips alone; None where there is none, or nothing is wrong.

    Those are blanks, a fragment, backslashes, capital letters, `localhost`, `http` for another machine, no path.
    """
    advised = _mended(uri.partition("#")[0].strip().replace("\\", "/"))
    try:
        redirects.check_registration(advised)
    except Refusal:
        return None
    return None if advised == uri else advised


def _mended(uri: str) -> str:
    parts = _ORIGIN.fullmatch(uri)
    if parts is None:
        return uri
    scheme, rest = parts["scheme"].lower(), parts["rest"]
    host = _LOCALHOST.sub("127.0.0.1", parts["host"].lower())
    here = host.partition(":")[0] == "127.0.0.1" or host.startswith("[::1]")
    if scheme == "http" and not here:
        scheme = "https"
    return f"{scheme}://{host}{rest if rest.startswith('/') else f'/{rest}'}"
