# SPDX-License-Identifier: Apache-2.0
"""How hard it is fuzzed: a few seconds in `just test`, as long as `just fuzz` is told to.

FUZZ_SCALE multiplies the number of examples, FUZZ_TALLY names the file to which each test adds what it did.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fuzzing import Tally


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts what a test did; the file gets a line a test."""
    counted = Tally()
    yield counted
    path = os.environ.get("FUZZ_TALLY")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"test": request.node.originalname or request.node.name, **counted}) + "\n")
