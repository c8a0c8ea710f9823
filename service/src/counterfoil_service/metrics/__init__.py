# SPDX-License-Identifier: Apache-2.0
"""Figures for Prometheus, where an operator wants any: what is measured, what is looked up, where it is asked for."""
