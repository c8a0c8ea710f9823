# SPDX-License-Identifier: Apache-2.0
"""Write the tables of docs/explanation/privacy.md from personal-data.json: `python docs/reference/personal_data.py`."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
INVENTORY = HERE / "personal-data.json"
PAGE = HERE.parent / "explanation" / "privacy.md"
BEGIN, END = "<!-- personal-data.json begins -->\n", "<!-- personal-data.json ends -->\n"
ATTRIBUTE = "device attribute"


def tables(inventory: dict[str, Any]) -> str:
    """One table of what is read of the device, one of all the rest."""
    fields = inventory["fields"]
    attributes = [
        (f"`{each['name']}`", each["read_from"].partition(": ")[2], each["purpose"], each["raw"])
        for each in fields
        if each["kind"] == ATTRIBUTE
    ]
    rest = [
        (f"{each['name']}: {each['read_from']}", _tables(each["stored"]), each["form"], each["purpose"], _ends(each))
        for each in fields
        if each["kind"] != ATTRIBUTE
    ]
    read_of_device = _table(("attribute", "read from (Linux; macOS; Windows)", "in order to", "the value"), attributes)
    return f"{read_of_device}\n{_table(('what', 'kept in', 'as', 'in order to', 'how long'), rest)}"


def written(page: str, inventory: dict[str, Any]) -> str:
    """The page, with its tables as the inventory has them."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{tables(inventory)}{END}{rest.partition(END)[2]}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heads), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def _tables(stored: list[str]) -> str:
    return ", ".join(dict.fromkeys(place.partition(".")[0] for place in stored))


def _ends(field: dict[str, Any]) -> str:
    without = field["switched_off_by"]
    return field["retention"] if without == "nothing" else f"{field['retention']}. Off by: {without}"


if __name__ == "__main__":
    found = json.loads(INVENTORY.read_text("utf-8"))
    PAGE.write_text(written(PAGE.read_text("utf-8"), found), "utf-8")
