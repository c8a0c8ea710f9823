# SPDX-License-Identifier: Apache-2.0
"""Keys, seals, proofs of possession and signed tokens."""
