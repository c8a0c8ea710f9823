# SPDX-License-Identifier: Apache-2.0
"""`just bench-audit`: what the audit log costs while it grows from ten thousand entries to a million."""
