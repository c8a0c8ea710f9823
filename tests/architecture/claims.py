# SPDX-License-Identifier: Apache-2.0
"""Words that claim too much, in every language that people read here, and the places that say them to deny them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_READ = (
    *("*.md", "docs/**/*.md", "docs/**/*.json", "examples/**/*", "deploy/**/*", "*/README.md", "*/pyproject.toml"),
    *("service/src/**/*.py", "service/src/**/*.po", "service/src/**/*.html", "service/src/**/*.txt"),
    *("service/src/**/*.js", "client_sdk/src/**/*.py"),
)
_LETTERS = {".md", ".json", ".py", ".po", ".html", ".txt", ".js", ".toml", ".conf", ".yml", ".yaml", ".service", ""}
_DENIES = re.compile(r"\b(no|not|never|nobody|nothing|none|neither|nor|cannot|without|departs)\b|n't\b", re.IGNORECASE)
_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*] |\||#|\"[a-z_]+\": ))")
_SENTENCE = re.compile(r"(?<=[.!?。।؟])[*_\"')]*\s+")


class Claim(NamedTuple):
    """`says` finds it; `examples` are sentences in which it must be found."""

    says: re.Pattern[str]
    examples: tuple[str, ...]


def _claim(pattern: str, *examples: str) -> Claim:
    return Claim(re.compile(pattern, re.IGNORECASE), examples)


CLAIMS = {
    "phishing-resistant": _claim(
        r"phishing[- ]?(resist|proof|safe|sicher|fest)|(resist|résist|a prueba de|immun|sicher)\w*\s+\S{0,6}\s*\S{0,3}"
        r"(phishing|hameçonnage)|フィッシング|फ़िशिंग|التصيد",
        "It is phishing-resistant.", "Die Anmeldung ist phishingsicher.", "Un acceso resistente al phishing.",
        "Résistant au hameçonnage.", "フィッシング耐性があります。", "यह फ़िशिंग से बचाता है।", "مقاوم ضد التصيد.",
    ),
    "more than one factor": _claim(
        r"\b[M2]FA\b|multi-?fact|(two|second|zwei|zweiter|mehr)[- ]?fa[ck]tor"
        r"|(dos|doble|deux|double)\s+(factor|facteur)"
        r"|[二2多]要素|[二2]段階|(दो|बहु)[- ]?कारक|(ثنائي|متعدد)\S*\s+\S*ل\b",
        "With built-in MFA.", "Two-factor sign-in.", "Ein zweiter Faktor.", "Doble factor.", "Double facteur.",
        "二要素認証。", "दो-कारक।", "مصادقة ثنائية العامل.",
    ),
    "an assurance level": _claim(
        r"\bAAL ?-?[123]\b|assurance level|out-of-band authenticator|\bASVS[ ,]+(L|level )[123]"
        r"|level [123] of (the )?(OWASP )?ASVS",
        "It reaches AAL2.", "NIST assurance level 2.", "It meets ASVS Level 2.", "An out-of-band authenticator.",
    ),
    "conformance": _claim(
        r"(conform|complian|complie)\w*(\s+\w+)?\s+(to|with)\s+(RFC|CIBA|BCP|NIST|OWASP|ASVS|the GDPR|GDPR|OpenID)"
        r"|(RFC ?\d+|BCP ?\d+|GDPR|DSGVO|RGPD|NIST|ISO ?27001|SOC ?2|HIPAA|PCI)[- ]"
        r"(compliant|conform|certified|konform)"
        r"|(CIBA|OpenID)[- ]certified|certified by|conforme (al|au) RG?PD|GDPR準拠",
        "It conforms to RFC 8628.", "Conformant to RFC 8628.", "BCP 247 compliant.", "GDPR compliant out of the box.",
        "DSGVO-konform.", "OpenID certified.", "Complies with the GDPR.",
    ),
    "nearness": _claim(
        r"prove\w*[^.]{0,30}\b(proximity|near each other|close to each other)|proximity (is )?(proven|ensured)",
        "This proves that both devices are near each other.", "Proximity is ensured.",
    ),
    "what a fingerprint cannot": _claim(
        r"fingerprint (identifies|proves)|cannot be (spoofed|copied|forged|faked)|un(spoof|forge)able|fälschungssicher"
        r"|infalsifi|偽造できない",
        "The fingerprint identifies the device.", "It cannot be spoofed.", "Ein fälschungssicherer Abdruck.",
    ),
    "anonymity": _claim(
        r"\banonym(ous|ously|i[sz]ed|isiert|e|es)?\b|\banónim|匿名|गुमनाम|مجهول",
        "Hashed, hence anonymous.", "Die Daten sind anonym.", "Datos anónimos.", "匿名です。",
    ),
    "no consent": _claim(
        r"\b(no|without) consent\b|\bconsent is (not|un)", "No consent is needed.", "Works without consent.",
    ),
    "hardware": _claim(
        r"hardware[- ]?(bound|backed|protected|gebunden)|(keys?|tokens?) cannot be (stolen|exported|copied)",
        "Hardware-bound keys.", "Keys cannot be stolen.",
    ),
    "an unalterable log": _claim(
        r"tamper[- ]?(proof|resistan|free)|\b(immutable|unalterable|indelible)\b|manipulationssicher"
        r"|unveränder(lich|bar)"
        r"|inmutable|inalterable|immuable|inaltérable|改ざんできない|अपरिवर्तनीय|legally admissible|gerichtsfest"
        r"|proves that nobody (edit|chang|alter)",
        "A tamper-proof log.", "An immutable audit log.", "Ein unveränderliches Protokoll.", "Un registro inmutable.",
        "Un journal immuable.", "改ざんできないログ。",
        "Legally admissible evidence.", "It proves that nobody edited it.",
    ),
    "erasure without a trace": _claim(
        r"(irrevocabl|irreversibl|complete|permanent|total|full)\w* (erase|delete)|spurlos",
        "A person is completely erased.", "Spurlos gelöscht.",
    ),
    "every scanner": _claim(
        r"scanner[- ]?(proof|safe|sicher)|(work|compatible)\w* with (every|all|any) (mail )?"
        r"(filter|scanner|program|client)",
        "Scanner-proof links.", "It works with every mail filter.",
    ),
    "no enumeration": _claim(r"enumeration[- ]?(proof|safe|free)", "Enumeration-proof."),
    "exactly once": _claim(
        r"(mail|letter|deliver|sent|send|alert|webhook)\w*(\s+\w+)? exactly[- ]once"
        r"|exactly[- ]once (deliver|mail|send)",
        "Mail is sent exactly once.", "Exactly-once delivery.",
    ),
    "a proof of the body": _claim(
        r"(DPoP|proofs?)\b[^.]{0,25}\b(protect|cover|sign)s?\b[^.]{0,15}\bbody", "DPoP protects the request body.",
    ),
    "the absolute": _claim(
        r"unhackable|unbreakable|bulletproof|(military|bank)[- ]grade|hack-?proof|100 ?% (secure|safe|sicher)"
        r"|unknackbar"
        r"|impossible to (forge|hack|phish)",
        "Bank-grade security.", "It is 100 % secure.", "Impossible to phish.",
    ),
}  # fmt: skip


class Place(NamedTuple):
    """Where such words may stand: a part of the sentence, and why. `denies`: the sentence must say no."""

    path: str
    part: str
    why: str
    denies: bool = True


def read() -> Iterator[tuple[str, str]]:
    """Everything that people read of this project, or that programs say to them, by its path."""
    paths = {path for pattern in _READ for path in ROOT.glob(pattern) if path.is_file()}
    for path in sorted(paths):
        if path.suffix in _LETTERS and "__pycache__" not in path.parts and path.name != "uv.lock":
            yield str(path.relative_to(ROOT)), path.read_text("utf-8", errors="ignore")


def sentences(text: str) -> Iterator[str]:
    """Whole sentences, however their lines are broken, in prose, tables, catalogues and strings."""
    joined = re.sub(r'"\s*\n\s*"', "", text)
    for block in _BLOCK.split(joined):
        yield from _SENTENCE.split(" ".join(block.split()))


def claims_of(text: str) -> Iterator[tuple[str, str]]:
    """Each claim with its sentence."""
    for sentence in sentences(text):
        for name, claim in CLAIMS.items():
            if claim.says.search(sentence):
                yield name, sentence


def denies(sentence: str) -> bool:
    return _DENIES.search(sentence) is not None
