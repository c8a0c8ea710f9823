# SPDX-License-Identifier: Apache-2.0
"""What the steps of a login mean, and what they do not: a sentence for each, for people who know no protocol."""

from typing import Final

from counterfoil_service.core.audit_event import EventName

EXPLAINED: Final[dict[EventName, str]] = {
    EventName.LOGIN_REQUESTED: "Anybody can ask for a link to any address: this does not mean that its owner did.",
    EventName.LOGIN_LINK_OPENED: (
        "Mail filters open links to check them, so this does not mean that the person has seen it."
    ),
    EventName.LOGIN_CODE_MISMATCH: "A slip of the finger looks the same as a guess; after a few the login is over.",
    EventName.LOGIN_LOCKED: "Not even the right code helps now; the person can ask for a new link at once.",
    EventName.LOGIN_APPROVED: "The device that asked may collect its session from here on; this alone signs nobody in.",
    EventName.LOGIN_APPROVAL_REFUSED: "The code was not looked at, so this does not tell whether it was right.",
    EventName.LOGIN_CODE_ISSUED: "The application has yet to redeem the code: nobody is signed in by this alone.",
    EventName.LOGIN_ILLEGAL_TRANSITION: "Mostly somebody pressed a button twice, or went back to an old mail.",
    EventName.LOGIN_COMPLETED: "It is the one that asked, which need not be the one on which the link was opened.",
    EventName.LOGIN_DENIED: "Nobody can be signed in by this login any more.",
    EventName.LOGIN_REPORTED: "They say that they did not ask for it. Whatever the login had given was taken back.",
    EventName.LOGIN_SUPERSEDED: "The link in its mail does not work any more; the one in the newer mail does.",
    EventName.LOGIN_CANCELLED: "The link in its mail does not work any more. The device may ask for a new one.",
    EventName.LOGIN_EXPIRED: "Nobody was signed in by it, and its link does not work any more.",
    EventName.LOGIN_CODE_REFUSED: (
        "Whoever brought the code is not the program that asked for it, or is set up wrongly. They got nothing."
    ),
    EventName.LOGIN_KEY_MISMATCH: (
        "Somebody may have copied the device's code, or the device lost its key. Whoever brought it got nothing."
    ),
    EventName.LOGIN_FINGERPRINT_MISMATCH: (
        "Somebody may have copied the key to another machine; one that was rebuilt or replaced looks the same."
    ),
    EventName.MAIL_QUEUED: "This does not mean that it was sent: it has yet to leave this service.",
    EventName.MAIL_SENT: "This does not mean that it arrived, or that anybody has read it.",
    EventName.MAIL_DEFERRED: "It is not given up: it is tried again without anybody's help.",
    EventName.MAIL_FAILED: "Nobody tries to send this mail again.",
    EventName.MAIL_SUPPRESSED: "Whoever asked sees no difference, so that nobody can find out who is known here.",
    EventName.MAIL_DELIVERED: "It may lie among spam, and this does not mean that anybody has read it.",
    EventName.MAIL_BOUNCED: "As far as the provider can tell, there is no such mailbox, or it takes no mail from here.",
    EventName.MAIL_COMPLAINED: (
        "A mail program's button for spam does this. It does not mean that the person had not asked for the link."
    ),
    EventName.MAILBOX_FLOODED: (
        "Somebody may hope that the person approves by mistake; a person whose mail goes astray looks the same."
    ),
    EventName.SESSION_CREATED: "The person is signed in from here on.",
    EventName.SESSION_REFRESHED: "Programs do this by themselves: it does not mean that the person was there.",
    EventName.SESSION_REUSE_DETECTED: "The session was ended for both, as nobody can tell which of them is the thief.",
    EventName.SESSION_KEY_MISMATCH: (
        "Without its key a token is worth nothing: the session goes on for the device that has the key."
    ),
    EventName.SESSION_ENDED: "Its tokens are worth nothing any more. This alone ends no other session of the person.",
    EventName.DEVICE_FIRST_SEEN: "A device is known by its key: one that was set up anew counts as new.",
    EventName.DEVICE_CHANGED: (
        "Updates and new parts change what a device tells of itself; so does a key that was copied to another machine."
    ),
    EventName.DEVICE_REFUSED: "It gets no session until an operator, or another device of the person, lets it in.",
    EventName.USER_CREATED: "The service knows this mailbox now. What its person may do, applications decide.",
    EventName.USER_VERIFIED: "Whoever signed in can read its mail. This tells nothing else of who they are.",
    EventName.LINK_RELAYED: "The link that was mailed does not work any more, and the operator has seen the new one.",
    EventName.OPERATOR_LINK_USED: "No mailbox was proved: the link was made on the service's own machine.",
    EventName.OPERATOR_SIGNED_IN: "The console is open to them while this session lasts and they keep their role.",
    EventName.FOUR_EYES_REQUESTED: "Nothing is done by this: another operator has to agree first.",
}
"""Of what can stand in a login's story; the sentence that it stands below is the one of `core.story`."""

SELF_EXPLAINING: Final = frozenset({EventName.LOGIN_REISSUED, EventName.SUPPRESSION_ADDED})
"""Their sentences say it all."""
