# SPDX-License-Identifier: Apache-2.0
"""The fingerprint in a request, keyed once more before anything else sees it [R102]."""

from counterfoil_service.core import fingerprint
from counterfoil_service.core.application import Application
from counterfoil_service.core.evidence import Evidence
from counterfoil_service.crypto.fingerprint import evidence_of
from counterfoil_service.web.forms import Form
from counterfoil_service.web.services import AnyRequest, services_of


def evidence(request: AnyRequest, form: Form, application: Application) -> Evidence | None:
    """None where there is none, or where the application is registered without: then it is not looked at [R109]."""
    text = form.get("device_fingerprint", at_most=fingerprint.MAX_LENGTH)
    if text is None or application.fingerprint == "off":
        return None
    return evidence_of(fingerprint.parse(text), services_of(request).keys.fingerprint, application.id)
