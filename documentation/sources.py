"""Reads the texts of every error from the source, without running it.

A text is what the class's constructor says. Where the constructor passes on what its callers say,
it is one text for each caller. What varies is written as ``{name}``.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "easeml_action"

_ROOT = "GateError"
# What the caller's own words are called where a constructor passes them on.
_PASSED_ON = ("problem", "remedy")
_QUOTED = (ord("r"), ord("a"))  # how {value!r} and {value!a} are marked

Scope = Mapping[str, ast.expr]


@dataclass(frozen=True)
class _Error:
    """A class below GateError, and the texts that its module has names for."""

    tree: ast.ClassDef
    scope: Scope


def error_texts(package: Path = PACKAGE) -> dict[str, list[str]]:
    """Return the texts of every error that is raised somewhere, by the name of its class."""
    modules = [ast.parse(path.read_text()) for path in sorted(package.rglob("*.py"))]
    shared = {name: text for module in modules for name, text in _named_texts(module).items()}
    errors = {
        node.name: _Error(node, shared | _named_texts(module))
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    }
    errors = {name: error for name, error in errors.items() if _is_error(name, errors)}
    found: dict[str, list[str]] = {}
    for module in modules:
        scope = shared | _named_texts(module)
        for name, call in _calls(module, errors):
            text = _text(name, errors, call, scope)
            if text not in found.setdefault(name, []):
                found[name].append(text)
    return found


def _is_error(name: str, classes: Mapping[str, _Error]) -> bool:
    if name not in classes or name == _ROOT:
        return name == _ROOT
    return any(_is_error(ast.unparse(base), classes) for base in classes[name].tree.bases)


def _named_texts(body: ast.Module | ast.FunctionDef) -> dict[str, ast.expr]:
    """Return the texts that are given names in a module or a function, once each."""
    assigned: dict[str, list[ast.expr]] = {}
    for node in body.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            assigned.setdefault(ast.unparse(node.targets[0]), []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            assigned.setdefault(ast.unparse(node.target), []).append(node.value)
    return {
        name: values[0]
        for name, values in assigned.items()
        if len(values) == 1 and not _is_opaque(values[0])
    }


def _is_opaque(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp):
        return _is_opaque(value.body) or _is_opaque(value.orelse)
    return not isinstance(value, ast.JoinedStr) and not (
        isinstance(value, ast.Constant) and isinstance(value.value, str)
    )


def _calls(
    node: ast.AST, errors: Mapping[str, _Error], inside: str = ""
) -> Iterator[tuple[str, ast.Call]]:
    """Walk through all places that make an error."""
    if isinstance(node, ast.ClassDef) and node.name in errors:
        inside = node.name
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id in errors:
        yield node.exc.id, ast.Call(node.exc, [], [])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name = inside if node.func.id == "cls" else node.func.id
        if name in errors:
            yield name, node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, errors, inside)


def _text(name: str, errors: Mapping[str, _Error], call: ast.Call, scope: Scope) -> str:
    """Return what a call of an error's class makes it say."""
    constructor = _constructor(errors[name].tree)
    if constructor is None or name == _ROOT:
        base = ast.unparse(errors[name].tree.bases[0])
        if base != _ROOT:
            return _text(base, errors, call, scope)
        return " ".join(_written(part, scope) for part in call.args[:2])
    given = {
        parameter: ast.Constant(_written(part, scope))
        for parameter, part in _arguments(constructor, call).items()
        if parameter in _PASSED_ON
    }
    own = errors[name].scope | _named_texts(constructor) | given
    said = _passed_up(constructor)
    return " ".join(_written(part, own) for part in said.args[:2])


def _constructor(tree: ast.ClassDef) -> ast.FunctionDef | None:
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    return next((each for each in functions if each.name == "__init__"), None)


def _arguments(constructor: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr]:
    """Return what a call gives for the constructor's parameters, with their defaults."""
    names = [parameter.arg for parameter in constructor.args.args[1:]]
    defaults = constructor.args.defaults
    found = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    found |= dict(zip(names, call.args, strict=False))
    return found | {each.arg: each.value for each in call.keywords if each.arg is not None}


def _passed_up(constructor: ast.FunctionDef) -> ast.Call:
    """Return the call of the constructor above."""
    return next(
        node
        for node in ast.walk(constructor)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"
    )


def _written(value: ast.expr, scope: Scope) -> str:
    """Return a text with the names of what varies in it."""
    written = "{" + _subject(value) + "}"
    match value:
        case ast.Constant():
            written = str(value.value)
        case ast.JoinedStr():
            written = "".join(_written(part, scope) for part in value.values)
        case ast.FormattedValue(value=inner, conversion=conversion):
            mark = "'" if conversion in _QUOTED else ""
            written = f"{mark}{_written(inner, scope)}{mark}"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            if not _is_number(left) and not _is_number(right):
                written = _written(left, scope) + _written(right, scope)
        case ast.IfExp(body=body, orelse=orelse):
            ways = [way for way in (_written(body, scope), _written(orelse, scope)) if way]
            written = (" / " if any(" " in way for way in ways) else "/").join(ways)
        case ast.Name(id=name) if name in scope:
            rest = {other: text for other, text in scope.items() if other != name}
            written = _written(scope[name], rest)
    return written


def _is_number(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not isinstance(value.value, str)


def _subject(value: ast.expr) -> str:
    """Name what varies after the nearest name in its expression."""
    while True:
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Constant()) | ast.Name("len" | "str")):
                value = value.args[0]  # ", ".join(names) is about the names
            case ast.Call(func=ast.Attribute(value=ast.Name("self")) | ast.Name() as called):
                value = called
            case ast.Call(func=ast.Attribute(value=inner)):
                value = inner  # path.removesuffix("/") is about the path
            case ast.BinOp(left=left, right=right):
                value = right if _is_number(left) else left
            case ast.Subscript(value=inner) | ast.Starred(value=inner):
                value = inner
            case ast.Attribute(attr=name) | ast.Name(id=name):
                return name.strip("_").replace("_", " ").lower()
            case _:
                return "..."
