# SPDX-License-Identifier: Apache-2.0
"""How far the fingerprint can be believed, measured on made-up machines: no machine, person or field data is in here.

`machines` lists archetypes, `changes` what happens to them, `events` which of it is honest and which is hostile.
`generate` writes all of it to corpus.jsonl, and `report` sends that through the SDK's and the service's own code.
"""
