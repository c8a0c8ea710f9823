# SPDX-License-Identifier: Apache-2.0
"""What is refused on every system: a scheme that is nobody's, and text that would break out of its line."""

from collections.abc import Sequence

from counterfoil_client._redirect import check_scheme
from counterfoil_client.errors import ConfigurationError

_LONGEST = 1024


def check(scheme: str, command: Sequence[str], name: str) -> None:
    """Refuse what no escaping makes safe; quotes and the like are left to each system's own rules."""
    check_scheme(scheme)
    if isinstance(command, str) or not command or not command[0]:
        raise ConfigurationError("command must be a list: the program, then its arguments")
    for part in (*command, name):
        if not part.isprintable() or len(part) > _LONGEST:
            raise ConfigurationError("command and name must be printable and on one line")
    if not name.strip():
        raise ConfigurationError("name must be the name of the application, as people know it")
