# SPDX-License-Identifier: Apache-2.0
"""Webhooks of mail providers: one module for each scheme, which verifies what came and only then reads it [R119]."""
