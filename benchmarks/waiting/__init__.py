# SPDX-License-Identifier: Apache-2.0
"""`just bench-waiting`: what thousands of waiting desktops cost one process, and how fast it wakes them."""
