# SPDX-License-Identifier: Apache-2.0
"""Alerts in words: what happened, what it means, and what to do about it."""

from typing import Final

import msgspec

from counterfoil_service.core.audit_event import EventName


class AlertWords(msgspec.Struct, frozen=True):
    """`title` names it, `meaning` says what it may be in a sentence or two, `advice` what to do."""

    title: str
    meaning: str
    advice: str


ALERT_WORDS: Final[dict[EventName, AlertWords]] = {
    EventName.SESSION_REUSE_DETECTED: AlertWords(
        "A used token came again",
        "A refresh token or code that had been used already was presented once more. Two parties hold the same session:"
        " its device, and perhaps a thief. The session was ended.",
        "Ask the person whether their device was copied or restored from a backup. If it was neither, look for malware"
        " on it before they sign in again.",
    ),
    EventName.SESSION_KEY_MISMATCH: AlertWords(
        "A session's token came with another key",
        "Somebody holds a token of this session without the key of its device. The token was refused; the session"
        " goes on, as its device has done nothing wrong.",
        "Find out where the token leaked: logs, backups, a proxy. End the session if you cannot tell.",
    ),
    EventName.LOGIN_KEY_MISMATCH: AlertWords(
        "A login was asked after with another key",
        "Somebody knows the code of a device that waits for a sign-in, and does not hold its key. They were refused.",
        "Read the login's story: whoever asked may have leaked the code, or two programs share one request.",
    ),
    EventName.LOGIN_FINGERPRINT_MISMATCH: AlertWords(
        "The right key came from another machine",
        "A login's key was used on a machine other than the one that asked for the link. The key may have been copied."
        " It was refused.",
        "Read what differed in the login's story, and ask the person whether they moved to another machine.",
    ),
    EventName.LOGIN_CODE_REFUSED: AlertWords(
        "A browser's code came with another redirect or verifier",
        "Somebody has the authorization code of a browser's sign-in, and not what belongs to it: it may have been"
        " intercepted on its way to the application. It was refused.",
        "If it repeats for one application, look at where its redirect address leads and at its PKCE verifier.",
    ),
    EventName.LOGIN_REPORTED: AlertWords(
        "Somebody said “this was not me”",
        "A person got a link or a notice that they did not ask for, and pressed the button that says so. Whatever the"
        " login gave was taken back.",
        "Read the login's story: who asked, and had the link been opened? If it had been approved, somebody reads the"
        " person's mail.",
    ),
    EventName.MAILBOX_FLOODED: AlertWords(
        "A mailbox gets links that nobody answers",
        "Link after link goes to one mailbox, and nobody opens them, or some were reported. Somebody may hope that the"
        " person gives in and presses one. Further links are sent at longer intervals.",
        "Ask the person, and tell them to press nothing. The logins' stories say which networks asked for them.",
    ),
    EventName.DEVICE_CHANGED: AlertWords(
        "A device looks like another one",
        "A known key is used by what looks like another machine. It may be new hardware or a restored backup, or the"
        " key was copied.",
        "Look at what differs on the device's page, and ask the person. Forget the device if they know nothing of it.",
    ),
    EventName.WEBHOOK_REFUSED: AlertWords(
        "A mail provider's report could not be verified",
        "Reports in the name of a mail provider come without a signature or credentials that fit. Somebody forges them,"
        " or the key was changed at the provider.",
        "Compare COUNTERFOIL_MAIL_WEBHOOKS with what the provider shows. Until they fit, bounces are not known here.",
    ),
    EventName.AUDIT_SINK_FAILED: AlertWords(
        "A receiver of the audit log takes nothing",
        "Entries of the audit log do not reach this receiver. They are kept and sent once it takes them again; whoever"
        " watches there sees nothing new meanwhile.",
        "See that the receiver answers: “counterfoil audit sinks” shows its trouble. One that stopped for good goes on"
        " after “counterfoil audit sinks rewind”.",
    ),
    EventName.AUDIT_CHECKPOINT_FAILED: AlertWords(
        "The audit log does not check out",
        "The log does not continue its last checkpoint: entries were changed or are gone. Nothing is signed until"
        " somebody has looked into it.",
        "Keep the database as it is and run “counterfoil audit verify”. Compare with an export or a witness.",
    ),
}
"""For each kind of alert."""


def words_of(kind: str) -> AlertWords:
    """Those of a kind; of one that only a newer program knows, as little as possible."""
    known = {name.value: words for name, words in ALERT_WORDS.items()}
    return known.get(kind) or AlertWords(kind, "Only a newer program knows this kind of alert.", "Read the audit log.")
