# SPDX-License-Identifier: Apache-2.0
"""Alerts pushed to whoever the operator named."""
