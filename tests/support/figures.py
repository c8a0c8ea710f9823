# SPDX-License-Identifier: Apache-2.0
"""What Prometheus would read: an exposition, parsed by the library's own parser."""

import urllib.request

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Series:
    """Every series with its value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def text_of(registry: CollectorRegistry) -> str:
    """All that a registry holds."""
    return generate_latest(registry).decode()


def asked(port: int) -> str:
    """The exposition of a running service."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        assert response.headers["Content-Type"].startswith("text/plain")
        return str(response.read().decode())


def value(series: Series, name: str, **labels: str) -> float:
    """One series, 0 where there is none."""
    return series.get((name, tuple(sorted(labels.items()))), 0)
