# SPDX-License-Identifier: Apache-2.0
"""The corpus is scored once for all tests of it."""

import pytest

from calibration.corpus import Pair, read
from calibration.measure import Measured, measure


@pytest.fixture(scope="session")
def measured() -> Measured:
    """What `just calibrate` prints from."""
    return measure()


@pytest.fixture(scope="session")
def pairs() -> tuple[Pair, ...]:
    """The committed corpus."""
    return tuple(read())
