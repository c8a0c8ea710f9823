# SPDX-License-Identifier: Apache-2.0
"""Both distributions, built once for all tests of what is in them."""

from pathlib import Path

import pytest

from release import building


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sdists and two wheels, each built twice."""
    return building.build(tmp_path_factory.mktemp("dist"))
