# SPDX-License-Identifier: Apache-2.0
"""Signing in by browser: applications that use `/oauth/authorize`, our own pages, hosts behind a proxy (§5)."""
