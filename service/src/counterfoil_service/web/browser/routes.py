# SPDX-License-Identifier: Apache-2.0
"""Every route of the sign-in by browser; their errors are pages."""

from litestar import Router

from counterfoil_service.web.browser import account, authorize, forward_auth, sign_in, waiting
from counterfoil_service.web.page_errors import handle_page_error


def browser_router(path: str) -> Router:
    """Below the issuer's path."""
    handlers = [
        authorize.authorize,
        sign_in.show_sign_in,
        sign_in.begin_sign_in,
        waiting.wait,
        waiting.state,
        account.show_account,
        account.change_account,
        account.signed_out,
        forward_auth.forward_auth,
    ]
    return Router(path, route_handlers=handlers, exception_handlers={Exception: handle_page_error})
