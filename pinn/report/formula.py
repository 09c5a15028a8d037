"""Typed formulas as MathML, which browsers typeset without scripts and without a network."""

import ast
import html
import re
import unicodedata

from markupsafe import Markup

_LEVEL = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2}
_ATOM = 5
_COMPARE = {ast.Lt: "&lt;", ast.Gt: "&gt;", ast.LtE: "≤", ast.GtE: "≥", ast.Eq: "="}
_SIGNS = {"laplacian": "Δ", "lap": "Δ", "grad": "∇"}
_DERIVATIVE = re.compile(r"d(t|x|y|z|n|x\d+)")


def typeset(text: str) -> Markup:
    """A formula or an equation as it would be printed; as it was typed if it cannot be read.

    dx(dx(u)) is u with two indices, dt(k*u) is ∂ₜ(k u), laplacian(u) is Δu, a/b is a fraction.

    >>> "<msub><mi>u</mi><mrow><mi>x</mi><mi>x</mi></mrow></msub>" in typeset("dt(u) = nu*dx(dx(u))")
    True
    >>> typeset("u +* 1")
    Markup('<code>u +* 1</code>')
    """
    try:
        sides = [_row(ast.parse(side.strip(), mode="eval").body, 0) for side in re.split(r"(?<![<>=!])=(?!=)", text)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Markup("<code>{}</code>").format(text)
    return Markup(f'<math display="block"><mrow>{"<mo>=</mo>".join(sides)}</mrow></math>')


def _row(node: ast.expr, level: int) -> str:
    """A node within one that binds as strongly as `level`, in brackets if it binds less."""
    text, own = _shown(node)
    return f"<mrow><mo>(</mo>{text}<mo>)</mo></mrow>" if own < level else text


def _shown(node: ast.expr) -> tuple[str, int]:
    """MathML, and how strongly it binds."""
    if isinstance(node, ast.BinOp):
        return _binary(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        sign = "−" if isinstance(node.op, ast.USub) else "+"
        return f'<mo form="prefix">{sign}</mo>{_row(node.operand, 2)}', 2
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args)
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
        parts = [_row(node.left, 1)]
        for op, right in zip(node.ops, node.comparators, strict=True):
            parts += [f"<mo>{_COMPARE[type(op)]}</mo>", _row(right, 1)]
        return "".join(parts), 0
    if isinstance(node, (ast.List, ast.Tuple)):
        entries = "<mo>,</mo>".join(_row(entry, 0) for entry in node.elts)
        return f"<mrow><mo>(</mo>{entries}<mo>)</mo></mrow>", _ATOM
    if isinstance(node, ast.Name):
        return _name(node.id), _ATOM
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return _number(node.value), _ATOM
    if isinstance(node, ast.BoolOp):
        word = "and" if isinstance(node.op, ast.And) else "or"
        return f"<mspace width='0.4em'/><mtext>{word}</mtext><mspace width='0.4em'/>".join(
            _row(value, 1) for value in node.values
        ), 0
    raise ValueError(f"{type(node).__name__} is not typeset.")


def _binary(node: ast.BinOp) -> tuple[str, int]:
    left, right = node.left, node.right
    if isinstance(node.op, ast.Div):
        return f"<mfrac><mrow>{_row(left, 0)}</mrow><mrow>{_row(right, 0)}</mrow></mfrac>", _ATOM
    if isinstance(node.op, ast.Pow):
        return f"<msup><mrow>{_row(left, _ATOM)}</mrow><mrow>{_row(right, 0)}</mrow></msup>", 4
    level = _LEVEL.get(type(node.op))
    if level is None:
        raise ValueError(f"{type(node.op).__name__} is not typeset.")
    if isinstance(node.op, ast.Mult):
        # Two numbers beside each other would be one.
        sign = "<mo>·</mo>" if _digits_first(right) else '<mspace width="0.17em"/>'
        return f"{_row(left, 2)}{sign}{_row(right, 3)}", 2
    sign = "−" if isinstance(node.op, ast.Sub) else "+"
    within = 3 if isinstance(right, ast.UnaryOp) else 2 if sign == "−" else 1  # no two signs beside each other
    return f"{_row(left, 1)}<mo>{sign}</mo>{_row(right, within)}", 1


def _call(name: str, given: list[ast.expr]) -> tuple[str, int]:
    if (found := _DERIVATIVE.fullmatch(name)) and len(given) == 1:
        return _derivative(found[1], given[0])
    if name in _SIGNS and len(given) == 1:
        return f"<mi mathvariant='normal'>{_SIGNS[name]}</mi>{_row(given[0], 4)}", 3
    if name == "div" and len(given) == 1:
        return f"<mi mathvariant='normal'>∇</mi><mo>·</mo>{_row(given[0], 4)}", 3
    if name == "dot" and len(given) == 2:
        return f"{_row(given[0], 3)}<mo>·</mo>{_row(given[1], 3)}", 2
    if name == "sqrt" and len(given) == 1:
        return f"<msqrt>{_row(given[0], 0)}</msqrt>", _ATOM
    if name == "abs" and len(given) == 1:
        return f"<mrow><mo>|</mo>{_row(given[0], 0)}<mo>|</mo></mrow>", _ATOM
    if name == "exp" and len(given) == 1:
        return f"<msup><mi>e</mi><mrow>{_row(given[0], 0)}</mrow></msup>", 4
    inside = "<mo>,</mo>".join(_row(one, 0) for one in given)
    return f"<mi>{html.escape(name)}</mi><mo>&#x2061;</mo><mrow><mo>(</mo>{inside}<mo>)</mo></mrow>", 4


def _derivative(along: str, what: ast.expr) -> tuple[str, int]:
    """Indices of a name, ∂ with an index of anything else, ∂u/∂n along the normal."""
    if along == "n":
        return f"<mfrac><mrow><mo>∂</mo>{_row(what, 4)}</mrow><mrow><mo>∂</mo><mi>n</mi></mrow></mfrac>", _ATOM
    indices = [along]
    while isinstance(what, ast.Call) and isinstance(what.func, ast.Name) and len(what.args) == 1:
        found = _DERIVATIVE.fullmatch(what.func.id)
        if not found or found[1] == "n":
            break
        indices.append(found[1])
        what = what.args[0]
    if isinstance(what, ast.Name):
        shown = "".join(_name(index) for index in reversed(indices))
        return f"<msub>{_name(what.id)}<mrow>{shown}</mrow></msub>", _ATOM
    shown = "".join(f"<msub><mo>∂</mo>{_name(index)}</msub>" for index in indices)
    return f"{shown}{_row(what, 4)}", 3


def _name(name: str) -> str:
    """A letter, a Greek letter by its name, an index after digits or an underscore."""
    stem, _, index = name.partition("_")
    if not index and (numbered := re.fullmatch(r"([A-Za-z]+)(\d+)", name)):
        stem, index = numbered.groups()
    try:
        kind = "SMALL" if stem.islower() else "CAPITAL"
        word = "LAMDA" if stem.lower() == "lambda" else stem.upper()
        stem = unicodedata.lookup(f"GREEK {kind} LETTER {word}") if len(stem) > 1 else stem
    except KeyError:
        pass
    base = f"<mi>{html.escape(stem)}</mi>"
    return f"<msub>{base}<mi>{html.escape(index)}</mi></msub>" if index else base


def _number(value: float) -> str:
    mantissa, _, exponent = f"{value:.12g}".partition("e")
    if not exponent:
        return f"<mn>{mantissa}</mn>"
    power = f"<msup><mn>10</mn><mrow><mn>{int(exponent)}</mn></mrow></msup>".replace("-", "−")
    return power if mantissa == "1" else f"<mn>{mantissa}</mn><mo>·</mo>{power}"


def _digits_first(node: ast.expr) -> bool:
    """Whether what is printed begins with a digit."""
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Div):
        return _digits_first(node.left)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant))
