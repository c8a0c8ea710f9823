# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4 for a request without a query (AWS General Reference, Signature Version 4)."""

import datetime as dt
import hmac
from collections.abc import Mapping
from functools import reduce
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from counterfoil_service.core.login import SECOND
from counterfoil_service.settings.secret import Secret

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Signer(msgspec.Struct, frozen=True):
    """Who signs, and for what."""

    key_id: str
    secret: Secret
    region: str
    service: str

    def signed(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: int) -> dict[str, str]:
        """The headers with X-Amz-Date and Authorization; `now` in microseconds UTC.

        All of them are signed, and the host, which whoever sends the request writes as it stands in `url`. Values have
        no spaces at their ends and none twice.
        """
        time = dt.datetime.fromtimestamp(now // SECOND, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        parts = urlsplit(url)
        dated = {**headers, "X-Amz-Date": time}
        lowered = sorted((name.lower(), value) for name, value in {**dated, "Host": parts.netloc}.items())
        names = ";".join(name for name, _ in lowered)
        request = "\n".join(
            [
                method,
                quote(parts.path or "/", safe="/-_.~"),
                "",
                *(f"{name}:{value}" for name, value in lowered),
                "",
                names,
                sha256(body).hexdigest(),
            ]
        )
        scope = f"{time[:8]}/{self.region}/{self.service}/aws4_request"
        to_sign = "\n".join([_ALGORITHM, time, scope, sha256(request.encode()).hexdigest()])
        signature = hmac.digest(self.signing_key(time[:8]), to_sign.encode(), "sha256").hex()
        credential = f"Credential={self.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**dated, "Authorization": f"{_ALGORITHM} {credential}"}

    def signing_key(self, date: str) -> bytes:
        """The key of one day, YYYYMMDD, derived step by step."""
        first = f"AWS4{self.secret.reveal()}".encode()
        steps = (date, self.region, self.service, "aws4_request")
        return reduce(lambda key, step: hmac.digest(key, step.encode(), "sha256"), steps, first)
