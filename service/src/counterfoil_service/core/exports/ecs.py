# SPDX-License-Identifier: Apache-2.0
"""Elastic Common Schema 9, as nested JSON [R136]; its `device.*` is beta and left alone."""

import json
from typing import Any, Final

from counterfoil_service.core.exports.exported import ERASED, Exported, entry_of, is_address, level_of, outcome_of

VERSION: Final = "9.0.0"
_TYPES: Final = {1: "start", 2: "end"}


def ecs(exported: Exported) -> str:
    """One event as one JSON object, in ASCII. What ECS has no field for stands under `Counterfoil`.

    A name of our own has a capital letter, as ECS advises, so that no later version of ECS takes it.
    """
    return json.dumps(_document(exported), sort_keys=True, separators=(",", ":"))


def _document(exported: Exported) -> dict[str, Any]:
    leaf = exported.leaf
    document = {
        "@timestamp": leaf.time,
        "ecs": {"version": VERSION},
        "event": _event(exported),
        "message": leaf.type,
        "service": {"type": "counterfoil"},
        "Counterfoil": _own(exported),
    }
    user = _user(exported)
    return document | ({"user": user} if user else {}) | _source(exported)


def _event(exported: Exported) -> dict[str, Any]:
    leaf = exported.leaf
    event: dict[str, Any] = {
        "kind": "alert" if level_of(leaf) == "alert" else "event",
        "category": ["authentication"],
        "type": [_TYPES.get(entry_of(leaf).activity, "info")],
        "action": leaf.type,
        "outcome": outcome_of(leaf),
        "id": leaf.id,
        "sequence": exported.position,
        "provider": "counterfoil",
        "module": "counterfoil",
        "dataset": "counterfoil.audit",
    }
    return event | ({"reason": leaf.reason} if leaf.reason else {})


def _user(exported: Exported) -> dict[str, str]:
    """The pseudonym; the address only where that may be said."""
    address = (exported.personal or {}).get("address")
    user = {"hash": exported.leaf.subject} if exported.leaf.subject else {}
    return user | ({"email": address} if address else {})


def _source(exported: Exported) -> dict[str, Any]:
    personal = exported.personal or {}
    address, agent = personal.get("source"), personal.get("user_agent")
    source: dict[str, str] = {"address": address} if address else {}
    source |= {"ip": address} if address and is_address(address) else {}
    return ({"source": source} if source else {}) | ({"user_agent": {"original": agent}} if agent else {})


def _own(exported: Exported) -> dict[str, Any]:
    leaf = exported.leaf
    names = ("login_id", "application_id", "session_id", "jkt")
    own: dict[str, Any] = {name: getattr(leaf, name) for name in names if getattr(leaf, name) is not None}
    own |= {"outcome": leaf.outcome} | ({"fields": leaf.fields} if leaf.fields else {})
    if exported.personal is None:
        return own | {"personal": ERASED}
    return own | {name: exported.personal[name] for name in ("browser", "device_label") if exported.personal.get(name)}
