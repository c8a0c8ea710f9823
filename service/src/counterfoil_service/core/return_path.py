# SPDX-License-Identifier: Apache-2.0
"""Where our own sign-in may lead back to: a path on this very origin, and nothing that a browser could read as more."""

import re
from typing import Final

from counterfoil_service.core.errors import ErrorCode, Refusal

MAX_PATH: Final = 2048

# Browsers take a backslash for a slash and drop tabs and line ends, so `/\host` and `/<tab>/host` would leave us.
_PATH: Final = re.compile(r"/(?:[\x21-\x2e\x30-\x5b\x5d-\x7e][\x21-\x5b\x5d-\x7e]*)?")


def check_return_path(text: str) -> str:
    """The path, its query and fragment with it; a Refusal names the rule [R58]."""
    if len(text) > MAX_PATH or not _PATH.fullmatch(text):
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            f"return_to: a path on this site of at most {MAX_PATH} characters, with one slash at its start,"
            " without blanks and backslashes",
        )
    return text
