# SPDX-License-Identifier: Apache-2.0
"""The providers whose webhooks are taken: those of the settings, and no other."""

from collections.abc import Callable, Iterable

from counterfoil_service.settings import MailWebhook
from counterfoil_service.settings.secret import Secret
from counterfoil_service.web.mail_hooks.any_of import AnyOf
from counterfoil_service.web.mail_hooks.incoming import Scheme
from counterfoil_service.web.mail_hooks.refusals import Refusals


class MailHooks:
    """`schemes` are by provider."""

    def __init__(self, webhooks: Iterable[MailWebhook]) -> None:
        opened: dict[str, list[Scheme]] = {}
        for each in webhooks:
            opened.setdefault(each.provider, []).append(_OPENERS[each.provider](each.secret))
        self.schemes: dict[str, Scheme] = {provider: AnyOf(schemes) for provider, schemes in opened.items()}
        self.refusals = Refusals()


# Each is imported where it is set: few services have more than one, and X.509 is dear to load.


def _hook(secret: Secret) -> Scheme:
    from counterfoil_service.web.mail_hooks.hook import Hook

    return Hook(secret)


def _mailgun(secret: Secret) -> Scheme:
    from counterfoil_service.web.mail_hooks.mailgun import Mailgun

    return Mailgun(secret)


def _postmark(secret: Secret) -> Scheme:
    from counterfoil_service.web.mail_hooks.postmark import Postmark

    return Postmark(secret)


def _resend(secret: Secret) -> Scheme:
    from counterfoil_service.web.mail_hooks.resend import Resend

    return Resend(secret)


def _ses(secret: Secret) -> Scheme:
    from counterfoil_service.web.mail_hooks.ses import Ses
    from counterfoil_service.web.mail_hooks.sns import Topic, authority_of

    return Ses(Topic(secret.reveal(), authority_of(secret.reveal())))


_OPENERS: dict[str, Callable[[Secret], Scheme]] = {
    "hook": _hook,
    "mailgun": _mailgun,
    "postmark": _postmark,
    "resend": _resend,
    "ses": _ses,
}
