# SPDX-License-Identifier: Apache-2.0
"""Every route of the auditors."""

from litestar import Router

from counterfoil_service.web.audit_api import events, log_files, stream


def audit_router(path: str) -> Router:
    """Below the issuer's path."""
    handlers = [
        events.list_events,
        events.tell_login,
        stream.follow_log,
        log_files.show_checkpoint,
        log_files.show_proof,
        log_files.show_tile,
    ]
    return Router(path, route_handlers=handlers)
