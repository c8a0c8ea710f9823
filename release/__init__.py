# SPDX-License-Identifier: Apache-2.0
"""What leaves this repository: both distributions, built, looked into, installed and run as a stranger would.

`python -m release` does all of it; docs/how-to/release.md says what each step holds.
"""
