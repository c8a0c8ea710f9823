# SPDX-License-Identifier: Apache-2.0
"""What the tests share: a device, a stage, real servers."""
