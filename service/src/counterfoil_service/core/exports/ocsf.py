# SPDX-License-Identifier: Apache-2.0
"""OCSF 1.8.0, class 3002 Authentication, category 3 Identity & Access Management [R135]."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from counterfoil_service.core.exports.exported import (
    ERASED,
    Exported,
    Level,
    Product,
    entry_of,
    is_address,
    level_of,
    outcome_of,
)
from counterfoil_service.core.leaf import Leaf, milliseconds

VERSION: Final = "1.8.0"
CLASS: Final = 3002
_OAUTH, _EMAIL = 6, 8
_ACTIVITIES: Final = {1: "Logon", 2: "Logoff", 6: "Preauth"}
_STATUS: Final = {"success": (1, "Success"), "failure": (2, "Failure")}
_SEVERITY: Final[dict[Level, tuple[int, str]]] = {
    "info": (1, "Informational"),
    "notice": (2, "Low"),
    "alert": (4, "High"),
}
_EMAIL_TYPE: Final = re.compile(r"[a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+")
"""OCSF's email_t, letter by letter: of ASCII alone."""

_FIRST: Final = "device.first_seen"


def ocsf(exported: Exported, product: Product) -> str:
    """One event as one JSON object, in ASCII.

    What is no authentication is activity 99 "Other" of the same class, named by its own type. A failed sign-in has
    status 2 even where the act that ended it succeeded, as a person's Reject does.
    """
    return json.dumps(_event(exported, product), sort_keys=True, separators=(",", ":"))


def _event(exported: Exported, product: Product) -> dict[str, Any]:
    leaf = exported.leaf
    event = {
        "category_uid": 3,
        "category_name": "Identity & Access Management",
        "class_uid": CLASS,
        "class_name": "Authentication",
        "time": milliseconds(leaf.time),
        "message": leaf.type,
        "metadata": _metadata(exported, product),
        "user": _user(exported),
        "service": {"uid": leaf.application_id} if leaf.application_id else {"name": product.name},
        "unmapped": _unmapped(exported),
        **_classified(leaf),
        **_factors(),
    }
    return event | _newness(leaf) | _details(leaf) | _source(exported)


def _classified(leaf: Leaf) -> dict[str, Any]:
    activity = entry_of(leaf).activity
    name = _ACTIVITIES.get(activity, leaf.type)
    severity_id, severity = _SEVERITY[level_of(leaf)]
    status_id, status = _STATUS[outcome_of(leaf)]
    return {
        "activity_id": activity,
        "activity_name": name,
        "type_uid": CLASS * 100 + activity,
        "type_name": f"Authentication: {_ACTIVITIES.get(activity, 'Other')}",
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
    }


def _factors() -> dict[str, Any]:
    """One factor: control of a mailbox. A key beside it that no second factor unlocked makes none [§8]."""
    return {
        "auth_protocol_id": _OAUTH,
        "auth_protocol": "OAUTH 2.0",
        "auth_factors": [{"factor_type_id": _EMAIL, "factor_type": "Email"}],
        "is_mfa": False,
    }


def _metadata(exported: Exported, product: Product) -> dict[str, Any]:
    leaf = exported.leaf
    metadata: dict[str, Any] = {
        "version": VERSION,
        "product": {"name": product.name, "vendor_name": product.vendor, "version": product.version},
        "uid": leaf.id,
        "sequence": exported.position,
        "event_code": leaf.type,
        "log_name": "audit",
        "original_time": leaf.time,
    }
    return metadata | ({"correlation_uid": leaf.login_id} if leaf.login_id else {})


def _user(exported: Exported) -> dict[str, Any]:
    """Always there; before a mailbox was proved nobody knows whose sign-in it is."""
    address = (exported.personal or {}).get("address", "")
    subject = exported.leaf.subject
    user: dict[str, Any] = {"uid": subject, "type_id": 1} if subject else {"name": "unknown", "type_id": 0}
    return user | ({"email_addr": address} if _EMAIL_TYPE.fullmatch(address) else {})


def _newness(leaf: Leaf) -> dict[str, bool]:
    if leaf.type == _FIRST:
        return {"is_new_logon": True}
    new = leaf.fields.get("is_new_logon")
    return {} if new is None else {"is_new_logon": new == 1}


def _details(leaf: Leaf) -> dict[str, Any]:
    found: dict[str, Any] = {"session": {"uid": leaf.session_id}} if leaf.session_id else {}
    return found | ({"status_detail": leaf.reason, "status_code": leaf.reason} if leaf.reason else {})


def _source(exported: Exported) -> dict[str, Any]:
    """Where the request came from, only where that may be said."""
    personal = exported.personal or {}
    endpoint = {"ip": personal.get("source", ""), "name": personal.get("device_label", "")}
    named = {key: text for key, text in endpoint.items() if text and (key != "ip" or is_address(text))}
    agent = personal.get("user_agent")
    return ({"src_endpoint": named} if named else {}) | ({"http_request": {"user_agent": agent}} if agent else {})


def _unmapped(exported: Exported) -> dict[str, Any]:
    """What class 3002 has no attribute for; with it nothing of the leaf is lost but the ciphertext."""
    leaf, personal = exported.leaf, exported.personal
    references = {"jkt": leaf.jkt, "application_id": leaf.application_id, "login_id": leaf.login_id}
    unmapped: dict[str, Any] = {name: text for name, text in references.items() if text is not None}
    unmapped |= {"outcome": leaf.outcome} | ({"fields": leaf.fields} if leaf.fields else {})
    if personal is None:
        return unmapped | {"personal": ERASED}
    left = {"browser": personal.get("browser", ""), "source": _unless(is_address, personal.get("source", ""))}
    left["address"] = _unless(_EMAIL_TYPE.fullmatch, personal.get("address", ""))
    return unmapped | {name: text for name, text in left.items() if text}


def _unless(fits: Callable[[str], object], text: str) -> str:
    """What has an attribute of a type that it does not fit, such as an address with letters beyond ASCII."""
    return "" if fits(text) else text
