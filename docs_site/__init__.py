# SPDX-License-Identifier: Apache-2.0
"""The documentation as a site: staged from the pages of this repository, built offline, its links checked."""
