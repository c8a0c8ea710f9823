# SPDX-License-Identifier: Apache-2.0
"""Write sdk.md from the source of counterfoil_client: `python docs/reference/sdk.py`.

Signatures are read from the source and not from what was imported, so that the page is the same under each Python.
"""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import cast

PAGE = Path(__file__).parent / "sdk.md"
HEAD = """\
<!-- Written by `python docs/reference/sdk.py` from the docstrings of counterfoil_client: change those, not this. -->
# The SDK's API

All that `counterfoil-client` offers; whatever begins with an underscore may change in any release. The guide with
examples is [its own page](../../client_sdk/README.md), errors with what to do are [here](errors.md#errors-of-the-sdk).
"""
MODULES = (
    "counterfoil_client",
    "counterfoil_client.resource",
    "counterfoil_client.resource.asgi",
    "counterfoil_client.resource.litestar",
    "counterfoil_client.resource.fastapi",
    "counterfoil_client.schemes",
    "counterfoil_client.schemes.macos",
    "counterfoil_client.testing",
)
_GIVEN = {"PendingLogin", "AsyncPendingLogin", "Session"}
"""What the client makes: nobody else constructs them."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def page() -> str:
    """The whole page."""
    return HEAD + "".join(part for name in MODULES for part in _module(importlib.import_module(name)))


def public_names(module: ModuleType) -> list[str]:
    """What a module offers: what it lists, or else what it defines itself."""
    listed: list[str] | None = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    )


def _module(module: ModuleType) -> Iterator[str]:
    yield f"\n## {module.__name__}\n\n{_prose(inspect.getdoc(module))}\n"
    for name in public_names(module):
        value = getattr(module, name)
        if inspect.isclass(value):
            yield from _class(value)
        elif inspect.isfunction(value):
            yield _function(cast("_Function", _source_of(value)), level=3)
        else:
            yield _alias(module, name)


def _alias(module: ModuleType, name: str) -> str:
    """A type of another name, or a value, as the module itself writes it."""
    body = ast.parse(inspect.getsource(module)).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            said = after.value if isinstance(after, ast.Expr) else None
            doc = _prose(said.value) if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
            return f"\n### {name}\n\n```python\n{ast.unparse(node)}\n```\n" + (f"\n{doc}\n" if doc else "")
    raise LookupError(f"{module.__name__}.{name} is made somewhere else: say where")


def _class(kind: type) -> Iterator[str]:
    bases = [base.__name__ for base in kind.__bases__ if base is not object and not base.__name__.startswith("_")]
    inherited = f"({', '.join(bases)})" if bases else ""
    yield f"\n### {kind.__name__}\n\n```python\nclass {kind.__name__}{inherited}\n```\n\n"
    yield f"{_prose(kind.__doc__)}\n"
    if issubclass(kind, Exception):
        return
    seen: set[str] = set()
    for each in kind.__mro__:
        if not each.__module__.startswith("counterfoil_client"):
            continue
        if kind.__name__ in _GIVEN:
            seen.add("__init__")
        for node in cast("ast.ClassDef", _source_of(each)).body:
            yield from _member(node, seen)


def _member(node: ast.stmt, seen: set[str]) -> Iterator[str]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        name = node.target.id
        if not name.startswith("_") and name not in seen:
            seen.add(name)
            yield f"\n- `{ast.unparse(node)}`\n"
    if isinstance(node, _Function) and node.name not in seen and (node.name[0] != "_" or node.name == "__init__"):
        seen.add(node.name)
        yield _function(node, level=4)


def _function(node: _Function, level: int) -> str:
    given = ast.unparse(node.args).removeprefix("self, ").removeprefix("self").removeprefix("/, ")
    is_property = any(ast.unparse(each).endswith("property") for each in node.decorator_list)
    back = "" if node.returns is None or node.name == "__init__" else f" -> {ast.unparse(node.returns)}"
    head = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    name = "(constructor)" if node.name == "__init__" else node.name
    said = f"{node.name}{back.replace(' ->', ':')}" if is_property else f"{head}{node.name}({given}){back}"
    doc = _prose(ast.get_docstring(node))
    return f"\n{'#' * level} {name}\n\n```python\n{said}\n```\n" + (f"\n{doc}\n" if doc else "")


def _source_of(value: object) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]  # type: ignore[arg-type]  # a class or function


def _prose(doc: str | None) -> str:
    """A docstring as Markdown: the drawing of a tree and doctests as code."""
    parts = []
    for paragraph in inspect.cleandoc(doc or "").split("\n\n"):
        is_code = paragraph.startswith(">>>") or "\n|- " in paragraph
        parts.append(f"```text\n{paragraph}\n```" if is_code else paragraph)
    return "\n\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
