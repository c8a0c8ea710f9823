# SPDX-License-Identifier: Apache-2.0
"""A JSON line is what was hashed, byte for byte, and one line whatever is in it."""

from hypothesis import given

from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.core.exports.jsonl import jsonl
from counterfoil_service.core.leaf import leaf_bytes, parse_leaf
from unit.core.exports.records import EXAMPLES, exported


@given(exported())
def test_a_line_is_the_leafs_own_bytes_and_nothing_of_the_person(record: Exported) -> None:
    data = jsonl(record).encode()
    assert data == leaf_bytes(record.leaf)
    assert parse_leaf(data) == record.leaf
    assert not {b"\n", b"\r", b"\0"} & {data[i : i + 1] for i in range(len(data))}
    assert jsonl(Exported(record.leaf, 0, None)) == jsonl(Exported(record.leaf, 9, {"address": "a@b.example"}))


def test_a_file_of_lines_gives_every_leaf_back_in_order() -> None:
    file = "".join(f"{jsonl(record)}\n" for record in EXAMPLES.values()).encode()
    assert [parse_leaf(line) for line in file.split(b"\n")[:-1]] == [record.leaf for record in EXAMPLES.values()]
