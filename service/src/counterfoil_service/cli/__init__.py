# SPDX-License-Identifier: Apache-2.0
"""The `counterfoil` command: one file for each group."""
