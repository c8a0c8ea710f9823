# SPDX-License-Identifier: Apache-2.0
"""What operations give to the sealed part of an event, read off their text."""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
Calls = list[tuple[ast.Call, Function]]


def personal_keys(source: str) -> set[str]:
    """Every key that a module gives to an event's `personal`; a ValueError where that cannot be read off its text."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]
    calls = [(node, each) for each in functions for node in ast.walk(each) if isinstance(node, ast.Call)]
    found: set[str] = set()
    for function in functions:
        if function.name == "personal":
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    found |= _keys(node.value, function, calls)
    for call, function in calls:
        for keyword in call.keywords:
            if keyword.arg == "personal":
                found |= _keys(keyword.value, function, calls)
    return found


def _keys(node: ast.expr, function: Function, calls: Calls) -> set[str]:
    match node:
        case ast.Dict():
            return set().union(*(_key(*pair, function, calls) for pair in zip(node.keys, node.values, strict=True)))
        case ast.IfExp():
            return _keys(node.body, function, calls) | _keys(node.orelse, function, calls)
        case ast.BinOp(op=ast.BitOr()):
            return _keys(node.left, function, calls) | _keys(node.right, function, calls)
        case ast.Attribute(attr="personal"):
            return set()  # a property of this name, which is looked at where it is written
        case ast.Name():
            origins = list(_origins(node.id, function, calls))
            if origins:
                return set().union(*(_keys(value, where, calls) for value, where in origins))
    raise ValueError(f"line {node.lineno}: nobody can tell what is personal in {ast.unparse(node)}")


def _key(key: ast.expr | None, value: ast.expr, function: Function, calls: Calls) -> set[str]:
    if key is None:
        return _keys(value, function, calls)
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return {key.value}
    raise ValueError(f"line {key.lineno}: nobody can tell which key {ast.unparse(key)} is")


def _origins(name: str, function: Function, calls: Calls) -> Iterator[tuple[ast.expr, Function]]:
    """What a name stands for: what it is assigned, or what callers in the same module pass."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=assigned)]) if assigned == name:
                yield node.value, function
            case ast.Attribute(value=ast.Name(id=changed)) | ast.Subscript(value=ast.Name(id=changed)):
                if changed == name:
                    raise ValueError(f"line {node.lineno}: nobody can tell what becomes of {name}")
    parameters = [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]
    if name not in parameters:
        return
    for call, where in calls:
        if isinstance(call.func, ast.Name) and call.func.id == function.name:
            given = {keyword.arg: keyword.value for keyword in call.keywords} | dict(
                zip(parameters, call.args, strict=False)
            )
            if name in given:
                yield given[name], where
