# SPDX-License-Identifier: Apache-2.0
"""What every benchmark needs: programs on a core of their own, a load, what both cost, and figures of rounds."""
