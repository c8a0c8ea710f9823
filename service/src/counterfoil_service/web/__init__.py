# SPDX-License-Identifier: Apache-2.0
"""What the service says over HTTP: the OAuth endpoints, the link pages, the console."""
