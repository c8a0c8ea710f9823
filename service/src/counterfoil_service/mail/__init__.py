# SPDX-License-Identifier: Apache-2.0
"""What the service says by mail, and how the mail leaves the house."""
