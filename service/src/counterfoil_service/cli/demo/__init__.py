# SPDX-License-Identifier: Apache-2.0
"""`counterfoil demo`: one whole sign-in on this machine, with real parts and nothing to set up."""

from counterfoil_service.cli.demo.command import demo

__all__ = ["demo"]
