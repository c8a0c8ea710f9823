# SPDX-License-Identifier: Apache-2.0
"""ArcSight's Common Event Format, version 0."""

import ipaddress
import json
from typing import Final

from counterfoil_service.core.exports.exported import (
    ERASED,
    Exported,
    Level,
    Product,
    is_address,
    level_of,
    outcome_of,
    visible,
)
from counterfoil_service.core.leaf import milliseconds

_SEVERITIES: Final[dict[Level, int]] = {"info": 2, "notice": 5, "alert": 8}
_HEADER: Final = str.maketrans({"\\": "\\\\", "|": "\\|"})
_EXTENSION: Final = str.maketrans({"\\": "\\\\", "=": "\\=", "\n": "\\n", "\r": "\\r"})
_BREAKS: Final = "\r\n"


def cef(exported: Exported, product: Product) -> str:
    """One event on one line. A line break in a value is a backslash and n or r, as CEF has it; the rest: `visible`."""
    leaf = exported.leaf
    name = leaf.type.replace(".", " ").replace("_", " ")
    head = "|".join(_header(each) for each in (product.vendor, product.name, product.version, leaf.type, name))
    members = _times(exported) | _references(exported) | _personal(exported)
    extension = " ".join(f"{key}={_value(text)}" for key, text in members.items())
    return f"CEF:0|{head}|{_SEVERITIES[level_of(leaf)]}|{extension}"


def _times(exported: Exported) -> dict[str, str]:
    leaf = exported.leaf
    reason = {"reason": leaf.reason} if leaf.reason else {}
    return {
        "rt": str(milliseconds(leaf.time)),
        "externalId": leaf.id,
        "act": leaf.type,
        "outcome": outcome_of(leaf),
        **reason,
        **_labelled("cn1", "position", str(exported.position)),
    }


def _references(exported: Exported) -> dict[str, str]:
    """What CEF has no key for stands in custom strings, each labelled with its name; a slot means the same always."""
    leaf = exported.leaf
    found = {"suid": leaf.subject} if leaf.subject else {}
    found |= _labelled("cs1", "login_id", leaf.login_id)
    found |= _labelled("cs2", "application_id", leaf.application_id)
    found |= _labelled("cs3", "session_id", leaf.session_id)
    found |= _labelled("cs4", "jkt", leaf.jkt)
    return found | _labelled("cs5", "fields", json.dumps(leaf.fields, sort_keys=True) if leaf.fields else None)


def _personal(exported: Exported) -> dict[str, str]:
    if exported.personal is None:
        return _labelled("cs6", "personal", ERASED)
    keys = {"address": "suser", "user_agent": "requestClientApplication"}
    found = {key: exported.personal[name] for name, key in keys.items() if exported.personal.get(name)}
    found |= _labelled("cs6", "browser", exported.personal.get("browser"))
    found |= _labelled("flexString1", "device_label", exported.personal.get("device_label"))
    return found | _source(exported.personal.get("source", ""))


def _source(source: str) -> dict[str, str]:
    """`src` takes IPv4 alone, an IPv6 source has a custom field of CEF's own."""
    if not is_address(source):
        return {"shost": source} if source else {}
    if ipaddress.ip_address(source).version == 4:  # noqa: PLR2004 - the version of the Internet Protocol
        return {"src": source}
    return _labelled("c6a2", "Source IPv6 Address", source)


def _labelled(key: str, label: str, text: str | None) -> dict[str, str]:
    return {f"{key}Label": label, key: text} if text else {}


def _header(text: str) -> str:
    return visible(text).translate(_HEADER)


def _value(text: str) -> str:
    """`=` and the backslash are escaped, a pipe stays as it is."""
    return visible(text, keep=_BREAKS).translate(_EXTENSION)
