# SPDX-License-Identifier: Apache-2.0
"""A reader of foreign bytes that nobody fuzzes is noticed: each is in a table, or with the reason why in another."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil_service.settings import _WAYS_OUT, PREFIX
from fuzz.parsed_core import CORE
from fuzz.parsed_sdk import SDK
from fuzz.parsed_web import SETTINGS, VALUES, WEB
from fuzz.unfuzzed import CONFIGURED, ELSEWHERE, INSIDE, OURS

ROOT = Path(__file__).parents[2]
SOURCES = {"": ROOT / "service/src/counterfoil_service", "client:": ROOT / "client_sdk/src/counterfoil_client"}
NAMED = re.compile(r"_*(parse|read|decode|normalise|verif|split|unseal|of_ui|of_accept|well_formed|is_ulid|is_subject)")
TEXTS = {"str", "bytes", "bytes | str", "str | bytes", "str | None", "Sequence[str]", "Any", "Mapping[str, str]"}
PRIMITIVES = {
    "ElementTree.fromstring", "b64decode", "base64.b64decode", "base64.urlsafe_b64decode", "bytes.fromhex",
    "datetime.fromisoformat", "int.from_bytes", "ipaddress.ip_address", "ipaddress.ip_network", "json.decode",
    "json.loads", "load_pem_private_key", "msgspec.convert", "msgspec.json.decode", "parse_base64", "parse_decimal",
    "parse_qs", "parse_qsl", "pickle.loads", "plistlib.loads", "serialization.load_pem_private_key", "struct.unpack",
    "tomllib.loads", "unbase64url", "unquote", "unquote_plus", "urlparse", "urlsplit",
    "x509.load_pem_x509_certificate", "yaml.safe_load",
}  # fmt: skip


def readers(source: str) -> Iterator[str]:
    """Functions that are named like readers and take text, and those that call what reads bytes."""
    yield from _readers(ast.parse(source).body, "")


def _readers(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _readers(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            _is_named(node) or _called(node) & PRIMITIVES
        ):
            yield prefix + node.name


def _is_named(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = [each for each in node.args.args if each.arg not in {"self", "cls"}]
    first = arguments[0].annotation if arguments else None
    return bool(NAMED.match(node.name)) and first is not None and ast.unparse(first) in TEXTS


def _called(node: ast.AST) -> set[str]:
    return {ast.unparse(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}


def found() -> set[str]:
    """Every reader of both distributions, as `module:function`."""
    return {
        f"{mark}{path.relative_to(folder)}:{name}"
        for mark, folder in SOURCES.items()
        for path in folder.rglob("*.py")
        for name in readers(path.read_text("utf-8"))
    }


def test_every_reader_of_foreign_bytes_is_fuzzed_or_says_why_not() -> None:
    fuzzed = {parser.reads.partition(" ")[0] for parser in [*CORE, *WEB, *SDK]}
    known = fuzzed | {place for table in (OURS, CONFIGURED, INSIDE, ELSEWHERE) for place in table}
    assert found() - known == set(), "fuzz it (parsed_*.py), or say why not (unfuzzed.py)"
    gone = {place for table in (OURS, CONFIGURED, INSIDE, ELSEWHERE) for place in table} - found()
    assert gone == set(), "what is not there any more, or no reader"


def test_what_is_inside_is_inside_of_what_is_fuzzed() -> None:
    fuzzed = {parser.reads.partition(" ")[0] for parser in [*CORE, *WEB, *SETTINGS, *SDK]}
    assert set(INSIDE.values()) <= fuzzed


def test_a_test_that_is_named_is_there() -> None:
    for place in ELSEWHERE.values():
        assert (ROOT / place).is_file(), place


def test_every_setting_is_fuzzed() -> None:
    assert set(VALUES) == set(_WAYS_OUT), PREFIX


@pytest.mark.parametrize(
    "source",
    [
        "def parse_thing(text: str) -> int: ...",
        "class A:\n    @classmethod\n    async def read(cls, data: bytes) -> int: ...",
        "def _fetch(answer: Answer) -> int:\n    return msgspec.json.decode(answer.body)",
        "def anything(x: int) -> int:\n    return [int.from_bytes(each) for each in x]",
    ],
)
def test_a_new_reader_is_noticed(source: str) -> None:
    assert list(readers(source))
