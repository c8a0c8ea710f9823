# SPDX-License-Identifier: Apache-2.0
"""Whether traces are wanted, by OpenTelemetry's own variables, and where they go: OTLP over HTTP."""

import logging
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from counterfoil_service.tracing.spans import Tracing

NAME: Final = "counterfoil"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OURS: Final = "http/protobuf"

log = logging.getLogger(__name__)


def open_tracing(environ: Mapping[str, str]) -> "Tracing | None":
    """None where nobody asked for it, or it cannot be had, which is said once: sign-ins do not depend on it."""
    if not _is_wanted(environ):
        return None
    protocol = _first(environ, _PROTOCOLS)
    if protocol not in {None, _OURS}:
        log.warning("no traces are sent: OTEL_EXPORTER_OTLP_PROTOCOL must be %s, or left out", _OURS)
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("no traces are sent, though OTEL_ variables ask for them: install `counterfoil-service[otel]`")
        return None
    from counterfoil_service.tracing.spans import Tracing

    named = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": NAME}
    resource = Resource.create({"service.version": version("counterfoil-service"), **named})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def _is_wanted(environ: Mapping[str, str]) -> bool:
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER")
    return exporter == "otlp" or (not exporter and _first(environ, _ENDPOINTS) is not None)


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)
