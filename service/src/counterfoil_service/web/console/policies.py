# SPDX-License-Identifier: Apache-2.0
"""What an application may be told to hold to, in sentences: where it is chosen, and where it stands for good."""

from typing import Final

import msgspec

from counterfoil_service.core.application import CHANGEABLE, Application


class Policy(msgspec.Struct, frozen=True):
    """`choices` are values and what each means, the usual one first."""

    name: str
    title: str
    choices: tuple[tuple[str, str, str], ...]

    @property
    def changeable(self) -> bool:
        """Whether it can be changed later."""
        return self.name in CHANGEABLE

    def means(self, application: Application) -> tuple[str, str]:
        """What an application has chosen: the short word for it, and the sentence."""
        chosen = _text(getattr(application, self.name))
        return next((label, sentence) for value, label, sentence in self.choices if value == chosen)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


POLICIES: Final = (
    Policy(
        "confidential",
        "Secret",
        (
            ("no", "Public", "It runs where people can take it apart: on desktops and phones. It has no secret."),
            ("yes", "Confidential", "It runs on a server of yours and can keep a secret, which is shown once."),
        ),
    ),
    Policy(
        "dpop",
        "Device keys (DPoP)",
        (
            (
                "required",
                "Required",
                "Every device proves a key of its own: without it a copied token is worthless.",
            ),
            ("optional", "Optional", "Clients without keys are let in: their tokens work for whoever holds them."),
        ),
    ),
    Policy(
        "fingerprint",
        "Fingerprint of the device",
        (
            ("optional", "Optional", "Compared where the client sends one: a device that looks different is reported."),
            ("required", "Required", "Without one, no device key is accepted."),
            ("off", "Off", "None is read, compared or kept."),
        ),
    ),
    Policy(
        "new_devices",
        "New devices",
        (
            ("notify", "Notify", "The person gets a mail about a first sign-in with a device, and can end it."),
            ("allow", "Allow", "Nobody is told about a new device."),
            ("refuse", "Refuse", "A new device waits until an operator or its person enrols it. Needs device keys."),
        ),
    ),
    Policy(
        "same_device_only",
        "Same device only",
        (
            ("no", "Any device", "The mail may be opened anywhere: a code from the screen that asked is typed there."),
            ("yes", "Same device", "No code is taken: the link must be opened on the machine that asked."),
        ),
    ),
    Policy(
        "mail_code",
        "Code in the mail",
        (
            ("no", "None", "Nothing in the mail can be read out to somebody else."),
            (
                "yes",
                "Eight digits",
                "For where links cannot be opened. Whoever gets a person to read them out is let in.",
            ),
        ),
    ),
)
