# SPDX-License-Identifier: Apache-2.0
"""Counterfoil: a self-hosted service that binds each e-mailed sign-in link to the device that asked."""
