# SPDX-License-Identifier: Apache-2.0
"""Marks English words that people read, so that they are collected for translation; the edge translates them."""


def N_(words: str) -> str:  # noqa: N802 - gettext's own name for it
    """The same words, marked."""
    return words
