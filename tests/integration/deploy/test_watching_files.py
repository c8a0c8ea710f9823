# SPDX-License-Identifier: Apache-2.0
"""The alert rules and the dashboard ask for figures that there are, by labels that they have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from counterfoil_service.metrics.measuring import Measuring
from counterfoil_service.observing import Answered
from support.stage import Stage

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
SCRAPE = ROOT / "deploy" / "prometheus" / "scrape.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "counterfoil.json"
GUIDE = ROOT / "docs" / "how-to" / "monitoring.md"
ADDED = {"job", "instance"}
"""Labels that Prometheus adds to all it reads."""
_MADE = {"up"}
"""Figures that Prometheus makes itself."""


@pytest.fixture
def exposed(sqlite_stage: Stage) -> dict[str, set[str]]:
    """Every series' name with the names of its labels."""
    services = sqlite_stage.service.services
    measuring = Measuring()
    measuring.begin(["/known"], ["smtp"])
    measuring.figures(services.database, services.hub, lambda: 0, services.clock)
    measuring.metrics.answered(Answered("GET", "/known", 200, 0.1))
    measuring.metrics.handed_over("smtp", "taken", 0.1)
    families = measuring.registry.collect()
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"] for rule in group["rules"]]


def _shown() -> list[str]:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def _selectors(node: Any) -> Iterator[tuple[str, set[str]]]:
    """Each figure that an expression asks for, with the labels that it is chosen by."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name or "", {matcher.name for matcher in node.matchers.matchers}
    for name in ("vector_selector", "expr", "lhs", "rhs"):
        if (child := getattr(node, name, None)) is not None:
            yield from _selectors(child)
    for child in getattr(node, "args", None) or []:
        yield from _selectors(child)


def _grouped(text: str) -> set[str]:
    return {name.strip() for names in re.findall(r"\bby \(([^)]*)\)", text) for name in names.split(",")}


def troubles(text: str, exposed: dict[str, set[str]]) -> list[str]:
    """What is wrong with an expression."""
    found = []
    try:
        selectors = list(_selectors(promql_parser.parse(text.replace("$__rate_interval", "5m"))))
    except ValueError as error:
        return [str(error)]
    labels = set(ADDED)
    for name, chosen in selectors:
        if name not in exposed and name not in _MADE:
            found.append(f"there is no {name}")
            continue
        labels |= exposed.get(name, set())
        found += [f"{name} has no label {label}" for label in chosen - exposed.get(name, set()) - ADDED]
    found += [f"nothing has a label {label}" for label in _grouped(text) - labels]
    return found if selectors else [*found, "it asks for nothing"]


async def test_every_rule_and_every_panel_asks_for_what_there_is(exposed: dict[str, set[str]]) -> None:
    rules = [rule["expr"] for rule in _rules()]
    assert len(rules) > 10
    assert len(_shown()) > 15
    for text in [*rules, *_shown()]:
        assert troubles(text, exposed) == [], text


async def test_this_look_finds_what_is_wrong(exposed: dict[str, set[str]]) -> None:
    known = "counterfoil_requests_total"
    assert troubles(f"rate({known}[5m]", exposed)
    assert troubles("counterfoil_requests_totals", exposed) == ["there is no counterfoil_requests_totals"]
    assert troubles(f'{known}{{path="/"}}', exposed) == [f"{known} has no label path"]
    assert troubles(f"sum by (step) (rate({known}[5m]))", exposed) == ["nothing has a label step"]
    assert troubles(f"sum(rate({known}[5m])) / sum(rate(nope_total[5m]))", exposed) == ["there is no nope_total"]
    assert troubles("1 + 1", exposed) == ["it asks for nothing"]


def test_every_alert_says_what_it_is_about_how_bad_it_is_and_what_to_do() -> None:
    guide = GUIDE.read_text("utf-8")
    names = [rule["alert"] for rule in _rules()]
    assert len(set(names)) == len(names)
    for rule in _rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in guide


async def test_every_figure_is_in_the_guide(exposed: dict[str, set[str]]) -> None:
    guide = GUIDE.read_text("utf-8")
    named = set(re.findall(r"`(counterfoil_[a-z_]+)`", guide))
    ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed if name.startswith("counterfoil_")}
    assert named == ours


def test_where_prometheus_asks_is_where_the_guide_says_that_it_is_answered() -> None:
    (job,) = yaml.safe_load(SCRAPE.read_text("utf-8"))["scrape_configs"]
    ports = {target.rpartition(":")[2] for target in job["static_configs"][0]["targets"]}
    assert ports == {"9464"}
    assert "COUNTERFOIL_METRICS=10.0.0.11:9464" in GUIDE.read_text("utf-8")
