# SPDX-License-Identifier: Apache-2.0
"""What people read, in the languages of `core.languages`: catalogues, and how times and places are said in each."""
