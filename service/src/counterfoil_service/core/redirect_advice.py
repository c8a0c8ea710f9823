# SPDX-License-Identifier: Apache-2.0
"""For whoever types a redirect URI that may not be registered: the one that was probably meant."""

from counterfoil_service.core import redirects
from counterfoil_service.core.errors import Refusal


def advise(uri: str) -> str | None:
    """A URI that may be registered and differs by usual slips alone; None where there is none, or nothing is wrong.

    Those are blanks, a fragment, backslashes, capital letters, `localhost`, `http` for another machine, no path.
    """
    if len(uri) > redirects.MAX_URI:
        return None
    advised = _mended(uri.partition("#")[0].strip().replace("\\", "/"))
    try:
        redirects.check_registration(advised)
    except Refusal:
        return None
    return None if advised == uri else advised


def _mended(uri: str) -> str:
    """No patterns here: whoever types a line may type any."""
    scheme, separator, behind = uri.partition("://")
    if not separator:
        return uri
    scheme = scheme.lower()
    authority = behind.partition("?")[0].partition("/")[0]
    rest = behind[len(authority) :]
    name, colon, port = authority.lower().partition(":")
    if "@" not in name and (name == "localhost" or name.endswith(".localhost")):
        name = "127.0.0.1"
    host = f"{name}{colon}{port}"
    here = name == "127.0.0.1" or host.startswith("[::1]")
    if scheme == "http" and not here:
        scheme = "https"
    return f"{scheme}://{host}{rest if rest.startswith('/') else f'/{rest}'}"
