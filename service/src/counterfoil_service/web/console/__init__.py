# SPDX-License-Identifier: Apache-2.0
"""The console: where operators work and auditors look. Every page is a whole one without any script."""
