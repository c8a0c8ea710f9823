# SPDX-License-Identifier: Apache-2.0
"""One verb per file, one function: `async (tx, command, context)`, awaiting its transaction alone."""
