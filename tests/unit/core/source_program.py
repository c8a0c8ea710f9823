# SPDX-License-Identifier: Apache-2.0
"""The service's source as a test reads it: which functions, classes, constants and calls there are."""

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Program:
    """The parsed modules and what is called what in them."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.functions: dict[str, list[tuple[str, Function]]] = defaultdict(list)
        self.classes: dict[str, tuple[str, ast.ClassDef]] = {}
        self.constants: dict[str, dict[str, ast.expr]] = defaultdict(dict)
        self.imports: dict[tuple[str, str], str] = {}
        self.calls: dict[str, list[tuple[str, Function, ast.Call]]] = defaultdict(list)
        for module, source in sources.items():
            self._index(module, parsed(source))

    def _index(self, module: str, tree: ast.Module) -> None:
        for node in tree.body:
            match node:
                case ast.ImportFrom(module=str(origin)):
                    home = f"{origin.partition('.')[2].replace('.', '/')}.py"
                    self.imports |= {(module, each.asname or each.name): home for each in node.names}
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.functions[node.name].append((module, node))
                case ast.ClassDef(bases=bases) if any("Struct" in ast.unparse(base) for base in bases):
                    self.classes[node.name] = (module, node)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.constants[name][module] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self.constants[name][module] = value
        for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
            for call in (node for node in walked(function) if isinstance(node, ast.Call)):
                self.calls[called(call)].append((module, function, call))

    def function(self, module: str, name: str) -> "tuple[str, Function] | None":
        """The one of this name that a module means: its own, or the one that it imports."""
        homes = (module, self.imports.get((module, name)))
        return next((each for each in self.functions.get(name, []) if each[0] in homes), None)

    def member(self, kind: str, name: str) -> "ast.expr | Function | None":
        """The annotation of a field, or the property of this name."""
        if kind not in self.classes:
            return None
        for node in self.classes[kind][1].body:
            match node:
                case ast.AnnAssign(target=ast.Name(id=named)) if named == name:
                    return node.annotation
                case ast.FunctionDef() if node.name == name:
                    return node
        return None

    def fields(self, kind: str) -> tuple[str, ...]:
        return fields_of(self.classes[kind][1])

    def kind_of(self, annotation: "ast.expr | None") -> str | None:
        """The class of ours that an annotation names, None aside."""
        return next((name for name in names_in(annotation) if name in self.classes), None)

    def literals(self, annotation: "ast.expr | None", module: str) -> list[Any]:
        """The values of a Literal, by its alias too."""
        match annotation:
            case ast.Name(id=name):
                return next((self.literals(value, at) for at, value in self.constants.get(name, {}).items()), [])
            case ast.BinOp(left=left, right=right):
                known = self.literals(left, module)
                return known + self.literals(right, module) if known else []
            case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=values)):
                return [each.value for each in values if isinstance(each, ast.Constant)]
            case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Constant(value=value)):
                return [value]
            case ast.Constant(value=None):
                return [None]
        return []


@cache
def text_of(node: ast.AST) -> str:
    """The same for the same node, asked some million times."""
    return ast.unparse(node)


@cache
def names_in(annotation: "ast.expr | None") -> tuple[str, ...]:
    text = "" if annotation is None else text_of(annotation).strip("'\"")
    return tuple(part.strip().rpartition(".")[2] for part in text.split("|"))


@cache
def fields_of(kind: ast.ClassDef) -> tuple[str, ...]:
    return tuple(
        each.target.id for each in kind.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    )


@cache
def walked(function: Function) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(function))


@cache
def binding(function: Function) -> tuple[ast.AST, ...]:
    return tuple(node for node in walked(function) if isinstance(node, ast.Assign | ast.AnnAssign | ast.For))


@cache
def later(function: Function) -> "tuple[tuple[ast.expr | None, ast.stmt], ...]":
    """What is set by key after a dict was made, with the condition on which it is."""
    plain: list[tuple[ast.expr | None, ast.stmt]] = [(None, each) for each in function.body]
    branches = [node for node in walked(function) if isinstance(node, ast.If)]
    whole = plain + [(node.test, each) for node in branches for each in node.body]
    return tuple(
        each for each in whole if isinstance(each[1], ast.Assign) and isinstance(each[1].targets[0], ast.Subscript)
    )


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


@cache
def parameters(function: Function) -> tuple[str, ...]:
    return tuple(each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs))


def annotation(function: Function, name: str) -> "ast.expr | None":
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return next((each.annotation for each in arguments if each.arg == name), None)


def default_of(function: Function, name: str) -> "ast.expr | None":
    names = [each.arg for each in function.args.args]
    tail = dict(zip(reversed(names), reversed(function.args.defaults), strict=False))
    keyword = dict(zip([each.arg for each in function.args.kwonlyargs], function.args.kw_defaults, strict=True))
    return tail.get(name) or keyword.get(name)


def given(call: ast.Call, names: Sequence[str], name: str) -> "ast.expr | None":
    """What a call gives a parameter, or a constructor a field; a method's `self` is nobody's to give."""
    by_name = {keyword.arg: keyword.value for keyword in call.keywords}
    by_place = dict(zip([each for each in names if each != "self"], call.args, strict=False))
    return by_name.get(name) or by_place.get(name)


def sources(root: Path) -> dict[str, str]:
    """The text of every module under a folder, by its path."""
    return {str(path.relative_to(root)): path.read_text("utf-8") for path in sorted(root.rglob("*.py"))}
