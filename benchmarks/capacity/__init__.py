# SPDX-License-Identifier: Apache-2.0
"""How much of everything so many people take: a model of what was measured and of what is assumed about them."""
