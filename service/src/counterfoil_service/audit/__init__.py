# SPDX-License-Identifier: Apache-2.0
"""The audit log as a tree that proves itself: sealed in the background, checked from one end to the other."""
