# SPDX-License-Identifier: Apache-2.0
"""A sign-in here and at others, side by side in one run: what a machine answers, and what each answer costs it."""
