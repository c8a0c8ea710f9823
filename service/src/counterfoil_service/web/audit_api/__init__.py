# SPDX-License-Identifier: Apache-2.0
"""The audit log for auditors: events, stories, the log as it grows, checkpoints, proofs and tiles (protocol.md §6)."""
