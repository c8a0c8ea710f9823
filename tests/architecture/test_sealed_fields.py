# SPDX-License-Identifier: Apache-2.0
"""What is personal in an event is declared before it is kept, and listed in the inventory [R111]."""

from pathlib import Path
from typing import Any

import pytest

from architecture.inventory import OPERATIONS
from architecture.personal_keys import personal_keys
from counterfoil_service.core.audit_event import PERSONAL_FIELDS, AuditEvent, EventName
from counterfoil_service.db import audit


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.py")), ids=lambda path: path.stem)
def test_no_operation_seals_what_is_not_declared(path: Path) -> None:
    assert personal_keys(path.read_text("utf-8")) <= PERSONAL_FIELDS


def test_the_search_sees_every_way_in_which_operations_say_what_is_personal() -> None:
    assert set().union(*(personal_keys(path.read_text("utf-8")) for path in OPERATIONS.glob("*.py"))) == PERSONAL_FIELDS
    assert personal_keys("def f():\n    g(personal={'shoe_size': 1, **({'hat': 2} if x else {})})") == {
        "shoe_size",
        "hat",
    }
    assert personal_keys("def f():\n    g(personal=it.personal | {'shoe_size': 1})") == {"shoe_size"}
    assert personal_keys("async def g(a, b):\n    h(personal=b)\ndef f():\n    g(1, {'shoe_size': 2})") == {"shoe_size"}
    assert personal_keys("def g(*, b):\n    h(personal=b)\ndef f():\n    g(b={'shoe_size': 2})") == {"shoe_size"}
    assert personal_keys("class A:\n    def personal(self):\n        more = {'hat': 1}\n        return {**more}") == {
        "hat"
    }
    for unclear in (
        "def f():\n    g(personal=dict(a=1))",
        "def f(x):\n    g(personal={x: 1})",
        "def f(x):\n    g(personal=x)",
        "def f():\n    x = {}\n    x['hat'] = 1\n    g(personal=x)",
        "def f():\n    x = {}\n    x.update(hat=1)\n    g(personal=x)",
    ):
        with pytest.raises(ValueError, match="nobody can tell"):
            personal_keys(unclear)


async def test_an_event_with_an_undeclared_personal_field_is_not_written() -> None:
    event = AuditEvent(name=EventName.LOGIN_REQUESTED, personal={"source": "192.0.2.1", "shoe_size": "43"})
    nothing: Any = None
    with pytest.raises(ValueError, match="shoe_size") as refused:
        await audit.append(nothing, nothing, event)
    assert "43" not in str(refused.value)
