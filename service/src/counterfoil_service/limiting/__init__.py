# SPDX-License-Identifier: Apache-2.0
"""What callers have used of their budgets, and the proofs that were seen: in this process, or in Redis for all."""
