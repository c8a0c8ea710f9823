# SPDX-License-Identifier: Apache-2.0
"""Rows and transactions: one statement set for SQLite and PostgreSQL, one module per noun."""
