# SPDX-License-Identifier: Apache-2.0
"""The audit log pushed to receivers outside of the service [R140]."""
