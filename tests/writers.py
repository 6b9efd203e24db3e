"""Which functions of a module may write a certain attribute, whatever variable holds the object.

Found by syntax, so the answer errs to the careful side: what cannot be read from the text (names
of fields in a variable, keywords unpacked) counts as a write.
"""

import ast
import re
from collections.abc import Iterator

#: Methods of a manager or queryset that write the fields named by keywords.
BY_KEYWORD = {"update", "create", "get_or_create", "update_or_create", "aupdate", "acreate"}
#: Functions whose positional arguments name the fields that they write.
BY_NAME = {"setattr", "__setattr__", "bulk_update", "abulk_update"}


def writers(attribute: str, tree: ast.AST) -> list[str]:
    """The qualified names of the functions and classes in whose body a write stands."""
    return sorted(set(_places(attribute, tree, "")))


def _places(attribute: str, node: ast.AST, place: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _places(attribute, child, f"{place}.{child.name}".lstrip("."))
            continue
        if _writes(attribute, child):
            yield place
        yield from _places(attribute, child, place)


def _writes(attribute: str, node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
            # Also in `a, b.status = …`, `b.status += …`, `for b.status in …`.
            return name == attribute
        case ast.Subscript(value=ast.Attribute(attr="__dict__"), ctx=ast.Store()):
            return _may_name(attribute, node.slice)
        case ast.Subscript(value=ast.Call(func=ast.Name(id="vars")), ctx=ast.Store()):
            return _may_name(attribute, node.slice)
        case ast.Constant(value=str(text)):
            return _statement_writes(attribute, text)
        case ast.JoinedStr():
            return _statement_writes(attribute, ast.unparse(node))
        case ast.Call():
            return _call_writes(attribute, node)
    return False


def _statement_writes(attribute: str, text: str) -> bool:
    words = rf"\bUPDATE\b[^;]*\bSET\b[^;]*\b{attribute}\b\s*="
    return bool(re.search(words, text, re.IGNORECASE | re.DOTALL))


def _call_writes(attribute: str, call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in BY_NAME:
        # setattr(deal, name, value): the name is the second of three, bulk_update's is the last.
        named = call.args[1:] if "bulk" in name else call.args[-2:-1]
        named += [word.value for word in call.keywords if word.arg in {"fields", None}]
        return any(_may_name(attribute, one) for one in named)
    if name not in BY_KEYWORD:
        return False
    return (
        any(word.arg == attribute for word in call.keywords)
        or any(
            _may_name(attribute, word.value)
            for word in call.keywords
            if word.arg in {None, "defaults", "create_defaults"}
        )
        # Also update(model, (names), rows), as screening.sweep.rows has it.
        or any(_may_name(attribute, names) for names in call.args[1:2])
    )


def _may_name(attribute: str, node: ast.AST) -> bool:
    """Whether this is the attribute's name, or holds it, or cannot be known."""
    match node:
        case ast.Constant(value=value):
            return value == attribute
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return any(_may_name(attribute, part) for part in parts)
        case ast.Dict(keys=keys):
            return any(key is None or _may_name(attribute, key) for key in keys)
    return True
