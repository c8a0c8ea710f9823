# SPDX-License-Identifier: Apache-2.0
"""The rules, pure: no I/O, no async; time and entropy are passed in."""
