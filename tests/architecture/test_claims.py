# SPDX-License-Identifier: Apache-2.0
"""Nothing is claimed that this product does not do, in no text that people read; and what must be said is said."""

import re

import pytest

from architecture.claims import CLAIMS, ROOT, Place, claims_of, denies, read

PLACES = (
    *(
        Place("docs/security/not-claimed.md", part, "the page that denies it")
        for part in (
            "It is not phishing-resistant",
            "It is not MFA, and has no two factors",
            "makes no second factor beside it",
            "It has no assurance level of NIST",
            "It does not conform to RFC 8628",
            '"BCP 247 compliant" would say nothing',
            "It does not prove that two devices are near each other",
            "A fingerprint proves no device, and is not anonymous",
            "It makes nobody GDPR compliant",
            "Keys are not hardware-bound",
            "The audit log is not immutable and not tamper-proof",
            "It is not legally admissible by itself",
            "It is not scanner-proof, and does not work with every mail filter",
            "It is not enumeration-proof",
            "Mail is not sent exactly once",
            "A DPoP proof does not protect a request's body",
        )
    ),
    Place("SECURITY.md", "this is not phishing-resistant, and not a second factor", "says so where people look first"),
    Place("docs/decisions/0003-a-profile-of-rfc-8628-with-dpop.md", '"Conformant to RFC 8628": there is no', "denied"),
    Place("docs/decisions/0004-a-typed-user-code.md", "we do not call this phishing-resistant", "a price"),
    Place("docs/decisions/0012-the-fingerprint-is-keyed-from-the-machine-id.md", "and not anonymous", "denied"),
    Place("docs/explanation/privacy.md", "A keyed digest is not anonymous", "denied"),
    Place("docs/explanation/privacy.md", "What is open is not anonymous", "denied"),
    Place(
        "docs/reference/personal-data.json",
        "where the reading needs no consent",
        "the operator decides whether it does",
        denies=False,
    ),
    Place("docs/explanation/typed-codes.md", "This is not phishing-resistant; passkeys are", "denied"),
    Place("docs/reference/sdk.md", "may say `hardware`; no other may", "what an application's own key must be"),
    Place("docs/reference/protocol.md", 'Never call it "conformant to RFC 8628"', "forbids it"),
    Place("docs/reference/settings.md", "a mailed link is no assurance level of NIST", "denied"),
    Place("docs/reference/settings.md", "where one factor is enough (AAL1)", "NIST's figures", denies=False),
    Place("docs/reference/settings.md", "Who follows AAL1's figures", "how to set NIST's figures", denies=False),
    Place("docs/security/conformance.md", "asks for two factors", "what the ASVS asks for", denies=False),
    Place("docs/security/conformance.md", "No passwords, no second factors", "denied"),
    Place("docs/security/conformance.md", "against NIST SP 800-63B-4's 30 at AAL1", "NIST's figure", denies=False),
    Place("docs/security/conformance.md", "asks for a new sign-in after 30 days at AAL1", "NIST's", denies=False),
    Place("docs/security/conformance.md", "No assurance level is claimed", "denied"),
    Place(
        "client_sdk/src/counterfoil_client/stores/key.py",
        "One that cannot be copied off the machine may say `hardware`",
        "what an application's own key must be; none of ours says it",
    ),
    Place("service/src/counterfoil_service/core/exports/ocsf.py", "no second factor unlocked makes none", "denied"),
    Place("service/src/counterfoil_service/core/grant.py", "it is no NIST assurance level", "denied"),
    Place(
        "service/src/counterfoil_service/web/audit_api/log_files.py",
        "max-age=31536000, immutable",
        "HTTP",
        denies=False,
    ),
    Place("service/src/counterfoil_service/web/console/routes.py", "max-age=31536000, immutable", "HTTP", denies=False),
)
SAID = (
    ("SECURITY.md", "Whoever controls the mailbox controls the account, and so does whoever runs its mail server."),
    ("SECURITY.md", "Where that is too little, use passkeys."),
    ("SECURITY.md", "A code that a person reads out or forwards to an attacker works for the attacker."),
    ("SECURITY.md", "Hostile software on the desktop itself is not defended against."),
    ("SECURITY.md", "On macOS any script run by the same Python binary can read a keyring item without a prompt."),
    ("README.md", "Whoever controls the mailbox controls the account: where that is too little, use passkeys."),
    ("docs/security/risk-assessment.md", "Where that is too little, use passkeys."),
    ("docs/security/not-claimed.md", "It is tamper-evident, and only to somebody who holds an older checkpoint"),
    ("docs/security/not-claimed.md", "urn:counterfoil:acr:email-link"),
)
"""What must be said plainly, and where [R72, R80, R143]."""


def allowed(path: str, sentence: str) -> bool:
    places = [place for place in PLACES if place.path == path and place.part in sentence]
    return any(denies(sentence) or not place.denies for place in places)


def test_no_text_claims_what_is_not_so() -> None:
    texts = list(read())
    assert len(texts) > 500, "it reads everything"
    claimed = [(path, name, said) for path, text in texts for name, said in claims_of(text) if not allowed(path, said)]
    assert claimed == [], "claim it not, or deny it and list the place in PLACES"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.path}: {place.part[:30]}")
def test_a_place_is_there_and_says_no(place: Place) -> None:
    said = [sentence for _, sentence in claims_of((ROOT / place.path).read_text("utf-8")) if place.part in sentence]
    assert said, "the place is gone: take it out of the list"
    assert place.why
    assert not place.denies or all(denies(sentence) for sentence in said)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_found_wherever_it_is_planted(name: str) -> None:
    for example in CLAIMS[name].examples:
        broken = example.replace(" ", "\n", 1)
        for text in (example, f"Something else.\n\n- {broken}", f'msgstr ""\n"{example}"\n', f"| a | {example} |"):
            assert name in dict(claims_of(text)), text
        assert not allowed("README.md", example)


@pytest.mark.parametrize("example", ["It is phishing-resistant.", "Zwei-Faktor-Anmeldung.", "Un registro inmutable."])
def test_a_claim_at_an_allowed_place_is_none_the_less_one(example: str) -> None:
    assert not allowed("SECURITY.md", example)
    assert not allowed("docs/security/not-claimed.md", example)


def test_an_allowed_sentence_that_no_longer_denies_is_refused() -> None:
    place = PLACES[0]
    assert allowed(place.path, f"- **{place.part}.")
    turned = Place(place.path, "is phishing-resistant", "turned round")
    assert not denies(f"It {turned.part}.")


@pytest.mark.parametrize(("path", "said"), SAID, ids=[f"{path}: {said[:30]}" for path, said in SAID])
def test_what_must_be_said_is_said(path: str, said: str) -> None:
    text = " ".join((ROOT / path).read_text("utf-8").replace("*", "").split())
    assert re.search(re.escape(said), text)
