# SPDX-License-Identifier: Apache-2.0
"""The parameters of an address, read strictly: a repeated one is refused, an empty one is absent (RFC 6749 §3.1)."""

from collections import Counter
from urllib.parse import parse_qsl

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.forms import MAX_FIELDS, Form


class Query(Form):
    """`get` refuses a repeated parameter when it is asked for, so that `redirect_uri` can still be answered to."""

    __slots__ = ("_repeated",)

    def __init__(self, text: bytes) -> None:
        try:
            pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        except ValueError:  # UnicodeDecodeError is one
            raise Refusal(
                ErrorCode.INVALID_REQUEST, f"the query must be percent-encoded UTF-8, {MAX_FIELDS} parameters at most"
            ) from None
        if any("\0" in name or "\0" in value for name, value in pairs):
            raise Refusal(ErrorCode.INVALID_REQUEST, "the query holds a NUL character")
        super().__init__(dict(pairs))
        self._repeated = {name for name, count in Counter(name for name, _ in pairs).items() if count > 1}

    def get(self, name: str, *, at_most: int = 1024) -> str | None:
        """A parameter, None when absent; a Refusal when it is repeated or too long."""
        if name in self._repeated:
            raise Refusal(ErrorCode.INVALID_REQUEST, "a parameter is repeated; each may occur once (RFC 6749, 3.1)")
        return super().get(name, at_most=at_most)

    def refuse_repeated(self) -> None:
        """Refuse one that nobody asks for by its name, too."""
        for name in self._repeated:
            self.get(name)
