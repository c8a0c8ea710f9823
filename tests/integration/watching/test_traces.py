# SPDX-License-Identifier: Apache-2.0
"""Traces tell how a sign-in went through the service, and nothing of anybody: no path, query, address, id or secret."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from counterfoil_service.audit.sealer import Sealer
from counterfoil_service.core.errors import Refusal
from counterfoil_service.db.engine import unavailable
from counterfoil_service.tracing import setup
from counterfoil_service.tracing.setup import open_tracing
from counterfoil_service.tracing.spans import Tracing
from counterfoil_service.watching import Watching
from support.stage import OpenStage, Stage

OTLP = "http://127.0.0.1:9/"


class Traced:
    """A service's traces, in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracing = Tracing(self.provider)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def all_of_it(self) -> str:
        return "\n".join(span.to_json() for span in self.spans)


@pytest.fixture
def traced() -> Iterator[Traced]:
    made = Traced()
    yield made
    made.provider.shutdown()


def _attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return dict(span.attributes or {})


async def test_a_request_is_a_span_by_its_template_with_the_calls_of_the_database_below_it(
    open_stage: OpenStage, database_url: str, tmp_path: Any, traced: Traced
) -> None:
    async with open_stage(database_url, tmp_path, watched=lambda each: Watching(each, traced.tracing)) as stage:
        await stage.start()
        (asked,) = traced.named("POST /oauth/device_authorization")[-1:]
        assert _attributes(asked)["http.response.status_code"] == 200
        assert _attributes(asked)["http.route"] == "/oauth/device_authorization"
        below = [
            span
            for span in traced.spans
            if span.parent and asked.context and span.parent.span_id == asked.context.span_id
        ]
        assert "write start_login" in {span.name for span in below}
        assert {_attributes(span)["db.system.name"] for span in below} == {stage.database.dialect}


async def test_work_beside_the_requests_is_a_trace_of_its_own(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Any, traced: Traced
) -> None:
    async with open_stage(sqlite_url, tmp_path, watched=lambda each: Watching(each, traced.tracing)) as stage:
        await stage.start()
        await stage.mails()
        await Sealer(stage.database, 1, stage.service.watching.observer)._round(check=False)
    assert [span.parent for span in traced.named("worker mail")] == [None]
    (sealing,) = traced.named("worker sealer")
    (write,) = traced.named("write seal_events")
    assert write.parent is not None
    assert sealing.context is not None
    assert write.parent.span_id == sealing.context.span_id
    assert traced.named("write claim_mail") == [], "looking for work is none"


async def test_no_span_holds_a_secret_or_a_word_of_a_caller(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Any, traced: Traced
) -> None:
    async with open_stage(sqlite_url, tmp_path, watched=lambda each: Watching(each, traced.tracing)) as stage:
        asked = await stage.start("ada.lovelace@example.com", device_label="needle-label")
        secret = await stage.secret()
        await stage.open(secret, **{"User-Agent": "needle-agent", "X-Forwarded-For": "203.0.113.77"})
        await stage.client.get("/check-mail?needle-query=1")
        await stage.client.get("/needle-path")
        await stage.client.request("NEEDLE", "/check-mail")
        await stage.decide(secret, "approve", asked.user_code)
        tokens = (await stage.poll(asked)).json()
        said = traced.all_of_it()
    assert "GET /l/{secret}" in said
    secrets = [secret, asked.device_code, asked.user_code, tokens["access_token"], tokens["refresh_token"]]
    theirs = [asked.login_id, tokens["sub"], "lovelace", "needle", "NEEDLE", "192.0.2.10", "203.0.113.77", "desk-app"]
    for needle in [*secrets, *theirs]:
        assert needle not in said


async def test_a_fault_is_told_by_its_type_and_never_by_its_text(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Any, traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_arguments: object) -> None:
        raise RuntimeError("needle of a fault")

    async with open_stage(sqlite_url, tmp_path, watched=lambda each: Watching(each, traced.tracing)) as stage:
        inner: Any = stage.database
        monkeypatch.setattr(inner._database, "read", fails)
        assert (await stage.open("A" * 43)).status_code == 500
    (request,) = traced.named("GET /l/{secret}")
    assert _attributes(request)["error.type"] == "500"
    assert not request.status.is_ok
    assert "RuntimeError" in {_attributes(span).get("error.type") for span in traced.spans}
    assert "needle" not in traced.all_of_it()


async def test_a_refusal_is_no_error_of_the_database(traced: Traced) -> None:
    with pytest.raises(Refusal), traced.tracing.round("mail"), traced.tracing.step("write x", "sqlite"):
        raise unavailable()
    assert [span.status.is_ok for span in traced.spans] == [True, True]
    assert all(not span.events for span in traced.spans)


async def test_nobody_chooses_the_trace_that_their_request_is_in(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Any, traced: Traced
) -> None:
    given = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with open_stage(sqlite_url, tmp_path, watched=lambda each: Watching(each, traced.tracing)) as stage:
        await stage.client.get("/check-mail", headers={"traceparent": f"00-{given}-00f067aa0ba902b7-01"})
    (span,) = traced.named("GET /check-mail")
    assert span.parent is None
    assert given not in traced.all_of_it()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": OTLP, "OTEL_SDK_DISABLED": "TRUE"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": OTLP, "OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": OTLP, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
    ids=["nothing", "a name alone", "disabled", "no exporter", "another protocol"],
)
def test_it_is_off_unless_a_collector_is_named(environ: dict[str, str]) -> None:
    assert open_tracing(environ) is None


def test_it_is_on_where_one_is_named_and_leaves_though_it_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", OTLP)
    tracing = open_tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": OTLP})
    assert tracing is not None
    assert tracing._provider.resource.attributes["service.name"] == "counterfoil"
    tracing.close()


def test_without_the_extra_it_is_said_once_and_the_service_serves(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    caplog.set_level(logging.WARNING, setup.__name__)
    assert open_tracing({"OTEL_TRACES_EXPORTER": "otlp"}) is None
    assert "counterfoil-service[otel]" in caplog.text


def test_the_stage_without_traces_has_the_plain_database(sqlite_stage: Stage) -> None:
    assert type(sqlite_stage.database).__module__ == "counterfoil_service.db.sqlite"
