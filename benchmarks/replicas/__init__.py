# SPDX-License-Identifier: Apache-2.0
"""`just bench-replicas`: one replica and two behind nginx on one PostgreSQL, and what a request costs each of them."""
