"""The text of a formula before its grammar: characters, words, brackets, and errors that point at a place in it."""

import ast
import keyword
import re

from pinn.expressions.graph import RefusedError

LONGEST_TEXT = 2000
DEEPEST_BRACKETS = 40
_SHOWN = 100

ACCEPTED = (
    "Accepted are numbers, names, + - * / **, brackets, sin cos tan exp log sqrt abs sign tanh sinh cosh heaviside, "
    "min max, where(x < 0.5, a, b) with < <= > >= and or not, derivatives such as dt(u), dx(dx(u)) and dx(k*dx(u)), "
    "laplacian(u), grad(u), div([u, v]) and dot(a, b)."
)
_HINTS = {
    "^": "a power is written with **, as in x**2",
    "−": "the minus sign is -",
    "–": "the minus sign is -",
    "·": "a product is written with *",
    "×": "a product is written with *",
    "²": "a square is written u**2",
    "³": "a cube is written u**3",
    "∂": "a derivative is written dx(u) or dt(u)",
    "∇": "write grad(u) or div(v)",
    "Δ": "write laplacian(u)",
    "π": "write pi",
    "√": "write sqrt(u)",
    "{": "brackets are ( )",
    "}": "brackets are ( )",
    "'": "quotation marks are not part of a formula",
    '"': "quotation marks are not part of a formula",
    "#": "a formula has no comments",
}
_WORD = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<other>[<>]=?|.)", re.ASCII
)
_LOGICAL = ("and", "or", "not")


class FormulaError(ValueError):
    """A text that is no formula: says what is wrong, points at the character, and says what is accepted."""

    def __init__(self, label: str, problem: str, text: str, place: int, accepted: str = ACCEPTED) -> None:
        place = max(0, min(place, len(text)))
        start = max(0, place - _SHOWN // 2)
        shown = "".join(c if c.isprintable() else "?" for c in text[start : start + _SHOWN])
        before, after = "…" if start else "", "…" if start + _SHOWN < len(text) else ""
        caret = " " * (len(before) + place - start) + "^"
        super().__init__(f"{label}: {problem}.\n    {before}{shown}{after}\n    {caret}\n{accepted}")


def plain(text: object) -> str:
    """The text with blanks for all white space; a number as its text."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return repr(text)
    if not isinstance(text, str):
        raise RefusedError(f"a formula is a text, got {text!r}")
    return re.sub(r"[ \t\r\n]", " ", text)


def check(text: str, label: str) -> list[int]:
    """Refuse what no grammar needs to see; the places of "=" outside of brackets.

    What passes is within the means of Python's parser: short, with few brackets that match, and without words of the
    language. Raises FormulaError.
    """
    if len(text) > LONGEST_TEXT:
        raise FormulaError(label, f"the text has {len(text)} characters, at most {LONGEST_TEXT} are read", text, 0)
    if not text.strip():
        raise FormulaError(label, "there is no formula here", text, 0)
    opened: list[int] = []
    equals: list[int] = []
    behind_number = -1
    for word in _WORD.finditer(text):
        place, found = word.start(), word.group()
        if word["name"]:
            if place == behind_number:
                raise FormulaError(label, f"a product is written with *, as in 2*{found}", text, place)
            if keyword.iskeyword(found) and found not in _LOGICAL:
                raise FormulaError(
                    label, f"{found!r} is a word of Python and cannot be used; choose a name", text, place
                )
        elif word["number"]:
            behind_number = word.end()
        elif found not in "+-*/()[],= ." and found[0] not in "<>":
            hint = _HINTS.get(found, "it is not part of a formula")
            shown = repr(found) if found.isprintable() else f"the character U+{ord(found):04X}"
            raise FormulaError(label, f"{shown} cannot be used: {hint}", text, place)
        elif found in "([":
            opened.append(place)
            if len(opened) > DEEPEST_BRACKETS:
                raise FormulaError(label, f"brackets are nested more than {DEEPEST_BRACKETS} deep", text, place)
        elif found in ")]":
            if not opened or text[opened.pop()] + found not in ("()", "[]"):
                raise FormulaError(label, f"there is no bracket that {found!r} would close", text, place)
        elif found == "=" and not opened:
            equals.append(place)
        elif found in "=.":
            problem = "'=' stands within brackets" if found == "=" else "a point belongs to a number, as in 0.5"
            raise FormulaError(label, problem, text, place)
    if opened:
        raise FormulaError(label, "this bracket is never closed", text, opened[-1])
    return equals


def checked(text: object, label: str) -> tuple[str, list[int]]:
    """A text as it is read, and the places of "=" in it. Raises ValueError for what is no text, and FormulaError."""
    try:
        source = plain(text)
    except RefusedError as error:
        raise ValueError(f"{label}: {error}.") from None
    return source, check(source, label)


def parsed(text: str, start: int, end: int, label: str) -> tuple[ast.expr, int]:
    """Python's syntax tree of the formula between two places of a text, and where it begins. Raises FormulaError."""
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    part = part.strip()
    if not part:
        raise FormulaError(label, "there is no formula here", text, start)
    try:
        return ast.parse(part, mode="eval").body, start
    except SyntaxError as error:
        place = start + min((error.offset or len(part) + 1) - 1, len(part))
        raise FormulaError(label, "this is no formula", text, place) from None
    except (ValueError, RecursionError, MemoryError):
        raise FormulaError(label, "this is nested too deeply", text, start) from None
