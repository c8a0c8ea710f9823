# SPDX-License-Identifier: Apache-2.0
"""`python -m counterfoil_service` is the `counterfoil` command."""

from counterfoil_service.cli.main import main

main(prog_name="counterfoil")
