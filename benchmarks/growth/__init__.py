# SPDX-License-Identifier: Apache-2.0
"""`just bench-growth`: what a request costs while a service's history grows from ten thousand logins to a million."""
