# SPDX-License-Identifier: Apache-2.0
"""`POST /oauth/mail_code`: the digits of the mail, typed into the app that asked (protocol.md §6)."""

from litestar import Response
from litestar.enums import HttpMethod

from counterfoil_service.core import mail_code
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import State, current_state
from counterfoil_service.core.polling import refusal_of
from counterfoil_service.db.logins import Login
from counterfoil_service.operations.try_mail_code import TryMailCode, try_mail_code
from counterfoil_service.web.bound_logins import Bearer, bound_login
from counterfoil_service.web.caller import source_of, user_agent_of
from counterfoil_service.web.clients import authenticate_client
from counterfoil_service.web.endpoints import endpoint
from counterfoil_service.web.fingerprints import evidence
from counterfoil_service.web.forms import read_form
from counterfoil_service.web.limits import charge
from counterfoil_service.web.proofs import proof_of, required
from counterfoil_service.web.services import AnyRequest, services_of

MAIL_CODE_PATH = "/oauth/mail_code"


@endpoint(MAIL_CODE_PATH, HttpMethod.POST)
async def submit_mail_code(request: AnyRequest) -> Response[bytes]:
    """200 once the login is approved, whoever approved it: the device's poll collects it as ever."""
    services = services_of(request)
    form = await read_form(request)
    application = await authenticate_client(request, form)
    proof = required(await proof_of(request, MAIL_CODE_PATH))
    code = mail_code.normalise(form.required("mail_code"))
    if code is None:
        raise Refusal(ErrorCode.INVALID_REQUEST, "mail_code: the eight digits of the newest mail")
    await charge(request, "mail_code_tries", proof.jkt, key=proof.jkt)
    bearer = Bearer(form.required("device_code"), application, proof, evidence(request, form, application))
    login = await bound_login(request, bearer, "mail_code")
    with services.mail_codes.one_try(login.id):
        if _state(request, login) is not State.APPROVED:
            fits = await _fits(request, login, code)
            command = TryMailCode(login.id, proof, fits, str(source_of(request)), user_agent_of(request))
            refusal = await services.database.write(try_mail_code, command)
            if refusal is not None:
                raise refusal
    return Response(b"{}", media_type="application/json")


async def _fits(request: AnyRequest, login: Login, code: str) -> bool:
    """Looked at only where it can still matter: hashes are dear."""
    state = _state(request, login)
    if state is not State.PENDING:
        raise refusal_of(state, login.expires_at, services_of(request).clock())
    if login.mail_code_hash is None:
        raise Refusal(ErrorCode.UNAUTHORIZED_CLIENT, "mail_code: this application is registered without mail codes")
    return await services_of(request).mail_codes.fits(login.mail_code_hash, code)


def _state(request: AnyRequest, login: Login) -> State:
    return current_state(login.state, login.expires_at, services_of(request).clock())
