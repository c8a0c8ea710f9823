# SPDX-License-Identifier: Apache-2.0
"""What is not defended must be said: rows without a guard are read up in the documents."""

from pathlib import Path

from attack.kit.verdict import Undefended, demand

ROOT = Path(__file__).resolve().parents[3]
SECURITY = "SECURITY.md"


def said(*sentences: str, document: str = SECURITY) -> Undefended:
    """The evidence, once each of these stands there, whatever its line breaks."""
    text = " ".join((ROOT / document).read_text("utf-8").split())
    missing = [sentence for sentence in sentences if sentence not in text]
    demand(not missing, f"{document} does not say any more: {'; '.join(missing)}")
    return Undefended(f"{document} says: {' … '.join(sentences)}")
