# SPDX-License-Identifier: Apache-2.0
"""The OAuth endpoints a device calls: ask for a link, and trade something for tokens (protocol.md §2, §4)."""

import msgspec
from litestar import Response
from litestar.enums import HttpMethod

from counterfoil_service.core import email_address, redirects
from counterfoil_service.core.application import has_unsafe_characters
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.pkce import MAX_STATE, WayHome, way_home
from counterfoil_service.core.polling import MAX_WAIT
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.start_login import LoginStarted, check_start, start_login
from counterfoil_service.web import polling
from counterfoil_service.web.bound_logins import Bearer
from counterfoil_service.web.caller import network_of, source_of, user_agent_of
from counterfoil_service.web.clients import authenticate_client
from counterfoil_service.web.code_grant import AUTHORIZATION_CODE_GRANT, answer_code
from counterfoil_service.web.endpoints import endpoint
from counterfoil_service.web.fingerprints import evidence
from counterfoil_service.web.forms import Form, read_form
from counterfoil_service.web.limits import asked
from counterfoil_service.web.proofs import proof_of, required
from counterfoil_service.web.refresh_grant import REFRESH_GRANT, answer_refresh
from counterfoil_service.web.request_headers import headers_named
from counterfoil_service.web.services import AnyRequest, Services, services_of
from counterfoil_service.web.speech import LONGEST_LOCALES, language_asked
from counterfoil_service.web.wire import DeviceAuthorization

DEVICE_AUTHORIZATION_PATH = "/oauth/device_authorization"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
CHECK_MAIL_PATH = "/check-mail"
DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = (DEVICE_CODE_GRANT, AUTHORIZATION_CODE_GRANT, REFRESH_GRANT)

_MAX_LABEL = 64
_MAX_ADDRESS = 1024


@endpoint(DEVICE_AUTHORIZATION_PATH, HttpMethod.POST)
async def device_authorization(request: AnyRequest) -> Response[bytes]:
    """Ask for a link."""
    services = services_of(request)
    form = await read_form(request)
    application = await authenticate_client(request, form)
    proof = await proof_of(request, DEVICE_AUTHORIZATION_PATH)
    source = source_of(request)
    command = StartLogin(
        application_id=application.id,
        address=email_address.parse(form.required("login_hint", at_most=_MAX_ADDRESS)),
        proof=proof,
        scope=form.get("scope"),
        resource=form.get("resource"),
        device_label=_device_label(form),
        evidence=evidence(request, form, application),
        source=str(source),
        source_range=network_of(request),
        place=services.places.place_of(source),
        user_agent=user_agent_of(request),
        way_home=_way_home(form),
        language=language_asked(request, form.get("ui_locales", at_most=LONGEST_LOCALES)),
    )
    started = await asked(request, command, _start_with_code if application.mail_code else _start)
    services.wake_mail()
    answer = DeviceAuthorization(
        device_code=started.device_code,
        user_code=started.user_code,
        verification_uri=services.settings.public_url + CHECK_MAIL_PATH,
        expires_in=started.expires_in,
        interval=started.interval,
        poll_wait_max=MAX_WAIT,
        login_id=started.login_id,
    )
    return Response(msgspec.json.encode(answer), media_type="application/json", headers=started.quota.fields)


async def _start(services: Services, command: StartLogin) -> LoginStarted:
    return await services.database.write(start_login, command)


async def _start_with_code(services: Services, command: StartLogin) -> LoginStarted:
    """Everything is checked before the hash, which is dear: who is refused costs none."""
    async with services.mail_codes.one_request(command.source_range):
        await services.database.read(check_start, command, services.database.context())
        code = await services.mail_codes.make()
        return await services.database.write(start_login, msgspec.structs.replace(command, mail_code=code))


@endpoint(TOKEN_PATH, HttpMethod.POST)
async def token(request: AnyRequest) -> Response[bytes]:
    """Collect: poll until the login is approved, then receive tokens; later renew them."""
    asked = await _asked(request)
    if not isinstance(asked, polling.Poll):
        return asked
    # A third of what a held poll would keep otherwise, most of it the proof.
    request.scope["headers"] = ()
    return await polling.answer_poll(request, asked)


async def _asked(request: AnyRequest) -> Response[bytes] | polling.Poll:
    """The answer, but for a poll: what came with the request ends here, so that a held one keeps little of it."""
    form = await read_form(request)
    grant_type = form.required("grant_type")
    if grant_type not in GRANTS:
        raise Refusal(ErrorCode.UNSUPPORTED_GRANT_TYPE, f"grant_type: this service takes {', '.join(GRANTS)}")
    application = await authenticate_client(request, form)
    proof = await proof_of(request, TOKEN_PATH)
    if application.dpop == "required":
        required(proof)
    if grant_type == AUTHORIZATION_CODE_GRANT:
        return await answer_code(request, form, application, proof)
    if grant_type == REFRESH_GRANT:
        return await answer_refresh(request, form, application, proof)
    bearer = Bearer(form.required("device_code"), application, proof, evidence(request, form, application))
    wait = polling.preferred_wait(", ".join(headers_named(request, b"prefer")))
    return await polling.poll_of(request, bearer, wait)


def _device_label(form: Form) -> str | None:
    label = form.get("device_label", at_most=_MAX_LABEL)
    if label is not None and has_unsafe_characters(label):
        raise Refusal(ErrorCode.INVALID_REQUEST, "device_label: no control or direction characters")
    return label


def _way_home(form: Form) -> WayHome | None:
    return way_home(
        redirect_uri=form.get("redirect_uri", at_most=redirects.MAX_URI),
        state=form.get("state", at_most=MAX_STATE),
        challenge=form.get("code_challenge"),
        method=form.get("code_challenge_method"),
    )
