# SPDX-License-Identifier: Apache-2.0
"""Traces for OpenTelemetry, where the extra `otel` is installed and its standard variables name a collector."""
