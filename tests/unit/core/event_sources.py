# SPDX-License-Identifier: Apache-2.0
"""Every event that the service's source constructs, read off its text: names, reasons, fields and personal keys.

An expression is evaluated as far as literals go. Where it may have several values (a branch, a caller, a constructor)
the evaluation is begun again for each, so that a name keeps to the reason and fields that stand beside it.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.evidence import Band
from counterfoil_service.core.login import TRANSITIONS, State, Trigger
from unit.core.source_program import (
    Function,
    Program,
    annotation,
    binding,
    called,
    default_of,
    given,
    later,
    parameters,
    text_of,
    walked,
)

ENUMS: dict[str, Any] = {"EventName": EventName, "Trigger": Trigger, "State": State, "Band": Band}
DEEPEST = 12


class Open:
    """A value that no literal says."""

    def __repr__(self) -> str:
        return "…"


OPEN = Open()


class Undecided(Exception):  # noqa: N818 - a question, not a fault
    def __init__(self, key: str, count: int) -> None:
        super().__init__(key)
        self.key, self.count = key, count


class Impossible(Exception):  # noqa: N818 - a way that is not taken
    """None has no members, so nobody comes this way."""


class Found(msgspec.Struct, frozen=True):
    """One event, or one of those that a place may construct."""

    where: str
    name: Any
    reason: Any
    fields: Any
    personal: Any


class Frame(msgspec.Struct):
    """A function under evaluation; `call` is where it was called, None while nobody has asked."""

    module: str
    function: Function
    path: str
    depth: int = 0
    call: tuple[ast.Call, "Frame"] | None = None
    receiver: Any = None


class Thing(msgspec.Struct):
    """A value of one of our classes; `call` None: made somewhere, it is asked where once a member is needed."""

    kind: str
    origin: str
    call: tuple[ast.Call, Frame] | None = None


class Run:
    """One evaluation, with what was decided so far."""

    def __init__(self, program: Program, decided: Mapping[str, int]) -> None:
        self.program, self.decided = program, decided
        self._asking: set[str] = set()

    def choose(self, key: str, options: "list[Any]") -> Any:
        if len(options) == 1:
            return options[0]
        if key not in self.decided:
            raise Undecided(key, len(options))
        return options[self.decided[key]]

    def value(self, node: "ast.expr | None", frame: Frame) -> Any:  # noqa: C901, PLR0911, PLR0912 - one case a line
        match node:
            case ast.Constant(value=constant):
                return constant
            case ast.Await(value=inner) | ast.NamedExpr(value=inner):
                return self.value(inner, frame)
            case ast.IfExp():
                return self.value(node.body if self.truth(node.test, frame) else node.orelse, frame)
            case ast.Dict():
                return self._dict(node, frame)
            case ast.DictComp(generators=[ast.comprehension(iter=ast.Call(func=ast.Attribute(value=inner)))]):
                return self.value(inner, frame)
            case ast.BinOp(op=ast.BitOr()):
                left, right = self.value(node.left, frame), self.value(node.right, frame)
                return {**left, **right} if isinstance(left, dict) and isinstance(right, dict) else OPEN
            case ast.BoolOp(op=ast.Or(), values=[left, right]):
                return self.value(left if self.truth(left, frame) else right, frame)
            case ast.Name():
                return self._name(node, frame)
            case ast.Attribute(value=ast.Name(id=enum), attr=member) if enum in ENUMS:
                return ENUMS[enum][member].value
            case ast.Attribute(value=ast.Subscript(value=ast.Name(id="TRANSITIONS")) as looked_up, attr="event"):
                trigger = self.value(looked_up.slice, frame)
                known = self.choose(f"{frame.path}|trigger", list(Trigger)) if trigger is OPEN else Trigger(trigger)
                return TRANSITIONS[known].event.value
            case ast.Attribute():
                return self._member(node, frame)
            case ast.Subscript():
                table, key = self.value(node.value, frame), self.value(node.slice, frame)
                if not isinstance(table, dict):
                    return OPEN
                return (
                    table[key] if key in table else self.choose(f"{frame.path}|{text_of(node)}", list(table.values()))
                )
            case ast.Call():
                return self._call(node, frame)
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return self.truth(node, frame)
        return OPEN

    def truth(self, node: ast.expr, frame: Frame) -> bool:
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return not self.truth(inner, frame)
            case ast.Compare(
                left=left, ops=[ast.Is() | ast.Eq() | ast.IsNot() | ast.NotEq() as op], comparators=[right]
            ):
                one, other = self.value(left, frame), self.value(right, frame)
                if OPEN not in (one, other):
                    return bool(one == other) is isinstance(op, ast.Is | ast.Eq)
            case ast.Compare():
                pass
            case _:
                found = self.value(node, frame)
                if found is not OPEN and not isinstance(found, Thing):
                    return bool(found)
        return bool(self.choose(f"{frame.path}|{text_of(node)}", [True, False]))

    def _dict(self, node: ast.Dict, frame: Frame) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            inner = self.value(value, frame)
            if key is None and not isinstance(inner, dict):
                raise ValueError(f"{frame.path}:{node.lineno}: nobody can tell what is in {text_of(value)}")
            found |= inner if key is None else {self.value(key, frame): inner}
        return found

    def _name(self, node: ast.Name, frame: Frame) -> Any:
        key = f"{frame.path}|{node.id}"
        if key in self._asking:
            return OPEN
        self._asking.add(key)
        try:
            origins = list(self._origins(node.id, frame))
            if not origins:
                return self._from_outside(node.id, frame)
            found = self.choose(key, origins)()
        finally:
            self._asking.discard(key)
        if isinstance(found, dict):
            found = found | dict(self._set_later(node.id, frame))
        return found

    def _origins(self, name: str, frame: Frame) -> Iterator[Callable[[], Any]]:
        if name in parameters(frame.function):
            yield lambda: self._parameter(name, frame)
        for node in binding(frame.function):
            match node:
                case ast.Assign(targets=[ast.Name(id=named)], value=value) if named == name:
                    yield lambda value=value: self.value(value, frame)  # type: ignore[misc]
                case ast.AnnAssign(target=ast.Name(id=named), value=ast.expr() as value) if named == name:
                    yield lambda value=value: self.value(value, frame)  # type: ignore[misc]
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                    for each, value in zip(names, values, strict=True):
                        if isinstance(each, ast.Name) and each.id == name:
                            yield lambda value=value: self.value(value, frame)  # type: ignore[misc]
                case ast.For(
                    target=ast.Tuple(elts=[ast.Name(id=named), *_]), iter=ast.Call(func=ast.Attribute(value=of))
                ):
                    if named == name:
                        yield lambda of=of: self._key_of(of, frame)  # type: ignore[misc]

    def _key_of(self, node: ast.expr, frame: Frame) -> Any:
        table = self.value(node, frame)
        return self.choose(f"{frame.path}|{text_of(node)}", list(table)) if isinstance(table, dict) else OPEN

    def _set_later(self, name: str, frame: Frame) -> Iterator[tuple[Any, Any]]:
        for test, each in later(frame.function):
            match each:
                case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=named), slice=key)], value=value):
                    if named == name and self._may_be(test, frame):
                        yield self.value(key, frame), self.value(value, frame)

    def _may_be(self, test: "ast.expr | None", frame: Frame) -> bool:
        match test:
            case ast.Compare(left=left, comparators=[right]):
                open_ended = OPEN in (self.value(left, frame), self.value(right, frame))
                return open_ended or self.truth(test, frame)
        return True

    def _from_outside(self, name: str, frame: Frame) -> Any:
        known = self.program.constants.get(name, {})
        others = [] if name.startswith("_") else list(known.values())
        return self.value(known.get(frame.module) or (others[0] if others else None), frame)

    def _parameter(self, name: str, frame: Frame) -> Any:
        if name == "self":
            return frame.receiver
        kind = self.program.kind_of(annotation(frame.function, name))
        if frame.call is None and not (kind and kind != "AuditEvent"):
            frame.call = self._caller(frame)
        if frame.call is not None:
            told = given(frame.call[0], parameters(frame.function), name)
            found = self.value(told if told is not None else default_of(frame.function, name), frame.call[1])
            if found is not OPEN:
                return found
        if kind and kind != "AuditEvent":
            return Thing(kind, f"{frame.path}|{name}")
        values = self.program.literals(annotation(frame.function, name), frame.module)
        return self.choose(f"{frame.path}|{name} is", values) if values else OPEN

    def _caller(self, frame: Frame) -> "tuple[ast.Call, Frame] | None":
        name = frame.function.name
        sites = [
            each for each in self.program.calls.get(name, []) if each[0] == frame.module or not name.startswith("_")
        ]
        if not sites or frame.depth >= DEEPEST:
            return None
        module, function, call = self.choose(f"{frame.path}|caller", sites)
        return call, Frame(module, function, f"{frame.path}<{module}.{function.name}:{call.lineno}", frame.depth + 1)

    def _member(self, node: ast.Attribute, frame: Frame) -> Any:
        of = self.value(node.value, frame)
        if of is None:
            raise Impossible
        if isinstance(of, Found):
            return getattr(of, node.attr, OPEN)
        if node.attr == "value" and not isinstance(of, Thing):
            return of
        if not isinstance(of, Thing) or frame.depth >= DEEPEST:
            return OPEN
        return self._member_of(of, node.attr, frame)

    def _member_of(self, of: Thing, name: str, frame: Frame) -> Any:
        said = self.program.member(of.kind, name)
        module = self.program.classes[of.kind][0] if of.kind in self.program.classes else frame.module
        if isinstance(said, Function):
            inner = Frame(module, said, f"{of.origin}.{name}", frame.depth + 1, receiver=of)
            return self._returned(inner)
        kind = self.program.kind_of(said)
        if kind and of.call is None:
            return Thing(kind, f"{of.origin}.{name}")
        made = of.call or self._construction(of, frame)
        if made is not None and name in self.program.fields(of.kind):
            told = given(made[0], self.program.fields(of.kind), name)
            found = self.value(told, made[1]) if told is not None else self._default_of(of.kind, name, made[1])
            if found is not OPEN:
                return found
        values = self.program.literals(said, module)
        return self.choose(f"{of.origin}.{name} is", values) if values else OPEN

    def _default_of(self, kind: str, name: str, frame: Frame) -> Any:
        for each in self.program.classes[kind][1].body:
            if isinstance(each, ast.AnnAssign) and text_of(each.target) == name:
                return self.value(each.value, frame)
        return OPEN

    def _construction(self, of: Thing, frame: Frame) -> "tuple[ast.Call, Frame] | None":
        sites = self.program.calls.get(of.kind, [])
        if not sites:
            return None
        module, function, call = self.choose(f"{of.origin}|made", sites)
        return call, Frame(module, function, f"{of.origin}@{module}.{function.name}:{call.lineno}", frame.depth + 1)

    def _call(self, node: ast.Call, frame: Frame) -> Any:
        name = called(node)
        if name == "AuditEvent":
            return self.event(node, frame, None)
        if name == "replace" and node.args:
            base = self.value(node.args[0], frame)
            if base is None:
                raise Impossible
            return self.event(node, frame, base) if isinstance(base, Found) else base
        if name in self.program.classes:
            return Thing(name, f"{frame.path}|{node.lineno}", (node, frame))
        known = self.program.function(frame.module, name)
        if known is None or frame.depth >= DEEPEST or isinstance(node.func, ast.Attribute):
            return OPEN
        module, function = known
        return self._returned(
            Frame(module, function, f"{frame.path}>{name}:{node.lineno}", frame.depth + 1, (node, frame))
        )

    def _returned(self, frame: Frame) -> Any:
        returns = [node.value for node in walked(frame.function) if isinstance(node, ast.Return)]
        found = self.value(self.choose(f"{frame.path}|returns", returns), frame) if returns else OPEN
        kind = self.program.kind_of(frame.function.returns)
        return Thing(kind, f"{frame.path}|returned") if found is OPEN and kind else found

    def event(self, call: ast.Call, frame: Frame, base: Found | None) -> Found:
        said = {keyword.arg: keyword.value for keyword in call.keywords}
        empty: dict[str, Any] = {"name": OPEN, "reason": None, "fields": {}, "personal": {}}
        parts = {
            name: self.value(said[name], frame) if name in said else getattr(base, name, otherwise)
            for name, otherwise in empty.items()
        }
        return Found(f"{frame.module}:{call.lineno}", **parts)


def events_in(program: Program, modules: "set[str]") -> list[Found]:
    """Every event that these modules construct or change, in every way in which they may."""
    found = []
    for name in ("AuditEvent", "replace"):
        for module, function, call in program.calls.get(name, []):
            if module in modules:
                found += _explored(program, module, function, call)
    return found


def _explored(program: Program, module: str, function: Function, call: ast.Call) -> list[Found]:
    found, waiting = [], [dict[str, int]()]
    while waiting:
        decided = waiting.pop()
        frame = Frame(module, function, f"{module}.{function.name}")
        try:
            value = Run(program, decided).value(call, frame)
        except Undecided as question:
            waiting += [{**decided, question.key: each} for each in range(question.count)]
            continue
        except Impossible:
            continue
        found += [value] if isinstance(value, Found) else []
    return found
