"""What is no formula is refused, with a caret under the character that is wrong."""

import pytest

from pinn.expressions import Equations, Formula, FormulaError, Names

PLANE = Names(2, True, ("u",), {"nu": 0.25, "k": "1 + x**2"})

# The text, the words of the error, and the character that the caret points at.
REFUSED = {
    "dt(u) + w*dx(u)": ("'w' is not known", 8),
    "dt(u) + sine(x)": ("'sine' is not known, perhaps 'sin' is meant", 8),
    "dt(u) - u_xy": ("'u_xy' is not known, a derivative is written dx(dy(u))", 8),
    "dz(u)": ("'dz' is not known", 0),
    "u^2": ("a power is written with **", 1),
    "2u": ("a product is written with *, as in 2*u", 1),
    "u(x)": ("'u' is no function", 0),
    "(1 + 2)(3)": ("this is no part of a formula", 0),
    "dx + 1": ("'dx' is a function and needs its argument, as in dx(u)", 0),
    "sin(x, y)": ("sin takes 1 argument, got 2", 0),
    "dot(grad(u))": ("dot takes 2 arguments, got 1", 0),
    "u + (x": ("this bracket is never closed", 4),
    "u + x)": ("no bracket that ')' would close", 5),
    "u + [x)": ("no bracket that ')' would close", 6),
    "u + ": ("this is no formula", 3),
    "u +* x": ("this is no formula", 3),
    "u // x": ("the operators are + - * / **", 3),
    "grad(u)": ("a vector of 2 components, where a scalar is needed", 0),
    "u + sin(grad(u))": ("a vector of 2 components, where a scalar is needed", 8),
    "div(u)": ("this is a scalar, where a vector", 4),
    "div([u, u, u])": ("div takes a vector of 2 components on this domain, got 3", 0),
    "grad(u)*grad(u)": ("their product is dot(a, b)", 8),
    "u + grad(u)": ("a vector and a scalar", 4),
    "dot([u], [u, u])": ("a vector of 1 components meets one of 2", 0),
    "1 / 0": ("this divides by zero", 4),
    "1 / (2 - 2)": ("this divides by zero", 5),
    "9**9**9": ("this power is no finite number", 3),
    "u**1000": ("exponents lie between -100 and 100", 3),
    "(-2)**x": ("needs a base > 0", 6),
    "(-8)**0.5": ("not a finite real number", 6),
    "x + 1e999": ("not a finite real number", 4),
    "x + " + "9" * 400: ("this number is too large", 4),
    "log(0)": ("log of 0 is no finite real number", 0),
    "exp(exp(99))": ("exp of 9.88903e+42", 0),
    "where(x, 1, 2)": ("this is a number, where a comparison such as x < 0.5 is needed", 6),
    "where(x < 1, 2)": ("where takes 3 arguments, got 2", 0),
    "where(x < 1, 2, grad(u))": ("a vector of 2 components, where a scalar is needed", 16),
    "min(x)": ("min takes 2 arguments or more, got 1", 0),
    "heaviside(x, 1)": ("heaviside takes 1 argument, got 2", 0),
    "not x": ("this is a number, where a comparison", 4),
    "x < 1 and u": ("this is a number, where a comparison", 10),
    "x <> y": ("this is no formula", 2),
    "x <": ("this is no formula", 3),
    "x in y": ("'in' is a word of Python", 2),
    "x is y": ("'is' is a word of Python", 2),
    "u < grad(u)": ("a vector of 2 components", 4),
    "min": ("'min' is a function and needs its argument", 0),
    "x + True": ("'True' is a word of Python", 4),
    "lambda*u": ("'lambda' is a word of Python and cannot be used; choose a name", 0),
    "u if x else y": ("'if' is a word of Python", 2),
    "__import__('os')": ("quotation marks are not part", 11),
    "__import__(os)": ("'__import__' is not known", 0),
    "u.real": ("a point belongs to a number", 1),
    "u[0]": ("this is no part of a formula", 0),
    "sin(x=1)": ("'=' stands within brackets", 5),
    "u = x = y": ("an equation has one '='", 6),
    "u == x": ("an equation has one '='", 3),
    "= u": ("there is no formula here", 0),
    "   ": ("there is no formula here", 0),
    "u # x": ("a formula has no comments", 2),
    "u − x": ("the minus sign is -", 2),
    "u + \0": ("the character U+0000 cannot be used", 4),
    "u + \ud800": ("the character U+D800 cannot be used", 4),
    "1j*u": ("a product is written with *", 1),
    "0x1F": ("a product is written with *", 1),
    "sin()": ("sin takes 1 argument, got 0", 0),
    "sin(*[x])": ("this is no part of a formula", 4),
    "()": ("this is no part of a formula", 0),
    "(" * 41 + "u" + ")" * 41: ("brackets are nested more than 40 deep", 40),
    "-" * 100 + "u": ("nested more than 60 deep", 61),
    "u*" * 1000 + "u": ("the text has 2001 characters", 0),
    "dx(" * 9 + "u" + ")" * 9: ("derivatives are of order 8 at most", 0),
    "lap(" * 20 + "tanh(u*x)" + ")" * 20: ("", 52),
}


@pytest.mark.parametrize("text", REFUSED)
def test_the_caret_points_at_what_is_wrong(text: str) -> None:
    words, place = REFUSED[text]
    with pytest.raises(FormulaError) as caught:
        Equations.of(text, PLANE)
    problem, shown, caret, *accepted = str(caught.value).split("\n")
    assert problem.startswith("equation: ")
    assert words in problem
    assert caret.strip() == "^"
    assert len(accepted) == 1
    if len(text) <= 100:
        character = shown[len(caret) - 1 : len(caret)]
        expected = text[place : place + 1]
        assert len(caret) - 5 == place
        assert character == (expected if expected.isprintable() else "?")


def test_a_long_text_is_shown_around_the_caret() -> None:
    with pytest.raises(FormulaError) as caught:
        Formula.of("x + " * 200 + "w" + " + x" * 200, PLANE.data())
    _, shown, caret, _ = str(caught.value).split("\n")
    assert len(shown) < 120
    assert shown[len(caret) - 1] == "w"
