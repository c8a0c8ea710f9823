# SPDX-License-Identifier: Apache-2.0
"""The formats in which the log leaves, by their names; each with what stands before its first line and ends each."""

import socket
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

import msgspec

from counterfoil_service.core.exports.cef import cef
from counterfoil_service.core.exports.csv import csv_header, csv_row
from counterfoil_service.core.exports.ecs import ecs
from counterfoil_service.core.exports.exported import Exported, Product
from counterfoil_service.core.exports.jsonl import jsonl
from counterfoil_service.core.exports.ocsf import ocsf
from counterfoil_service.core.exports.syslog import Origin, syslog

FORMATS = ("jsonl", "csv", "ocsf", "ecs", "syslog", "cef")


class Spelling(msgspec.Struct, frozen=True):
    """One format."""

    line: Callable[[Exported], str]
    header: str = ""
    end: str = "\n"


def spelling(form: str, enterprise: int | None) -> Spelling:
    """The format of this name; a `ValueError` where syslog lacks a number that it may use (RFC 5424 §7.2.2)."""
    product = Product(version("counterfoil-service"))
    match form:
        case "csv":
            return Spelling(csv_row, csv_header() + "\r\n", "\r\n")
        case "ocsf":
            return Spelling(partial(ocsf, product=product))
        case "ecs":
            return Spelling(ecs)
        case "cef":
            return Spelling(partial(cef, product=product))
        case "syslog":
            if enterprise is None:
                raise ValueError("syslog needs your own IANA enterprise number")
            return Spelling(partial(syslog, origin=Origin(socket.gethostname(), enterprise)))
        case _:
            return Spelling(jsonl)
