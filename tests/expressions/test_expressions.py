"""Typed formulas: what they mean, what is refused and where, and that no text does anything else."""

import math
import random
import time

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.expressions import Equations, Formula, FormulaError, Names, uses_time
from pinn.operators import Auto, Strategy

F64 = torch.float64
X = torch.tensor([0.3, 0.8, 0.6], dtype=F64)  # t, x, y
PLANE = Names(2, True, ("u",), {"nu": 0.25, "k": "1 + x**2"})
PAIR = Names(2, True, ("u", "v"), {"nu": 0.25})


def scalar(x: Tensor) -> Tensor:
    return torch.sin(x[0] + 2 * x[1]) * x[2] ** 3 + x[1] ** 4 * x[2]


def pair(x: Tensor) -> Tensor:
    return torch.stack([scalar(x), torch.exp(x[0] * x[1]) + x[2] ** 2])


def partial(order: str, k: int = 0) -> Tensor:
    """A partial derivative of `pair`, by one reverse pass after the other."""

    def derived(f, axis):
        return lambda x: torch.func.grad(f)(x)[axis]

    f = lambda x: pair(x)[k]  # noqa: E731
    for name in order:
        f = derived(f, "txy".index(name))
    return f(X)


U, V = pair(X)
NUMBERS = {
    "1 + 2*3 - 4/8": 6.5,
    "-2**2": -4.0,
    "2**-1": 0.5,
    "2**3**2": 512.0,
    "1e-3*.5 + 5.": 5.0005,
    "pi*e": math.pi * math.e,
    "sqrt(16) + abs(-3) + log(exp(2))": 9.0,
    "tanh(1)**2 + 1/cosh(1)**2": 1.0,
    "sign(-2)*cos(pi)": 1.0,
    "+(-(+1))": -1.0,
}
FIELDS = {
    "t + x*y": X[0] + X[1] * X[2],
    "x1 - x2": X[1] - X[2],
    "sin(pi*x)*exp(-t)": torch.sin(math.pi * X[1]) * torch.exp(-X[0]),
    "x**2.5 / (1 + y)**2": X[1] ** 2.5 / (1 + X[2]) ** 2,
    "2**x + y**t": 2 ** X[1] + X[2] ** X[0],
    "tan(x) + sinh(y) + cosh(t) + abs(x - y) + sqrt(y) + log(x) + tanh(x)": sum(
        [X[1].tan(), X[2].sinh(), X[0].cosh(), (X[1] - X[2]).abs(), X[2].sqrt(), X[1].log(), X[1].tanh()],
        torch.zeros((), dtype=F64),
    ),
    "k*nu": (1 + X[1] ** 2) / 4,
    "dx(sin(x)*y) + dx(dy(x**2*y**3)) + dt(exp(-2*t))": X[1].cos() * X[2]
    + 6 * X[1] * X[2] ** 2
    - 2 * torch.exp(-2 * X[0]),
    "laplacian(x**2*y + t)": 2 * X[2],
    "dx(tan(x)) + dx(sqrt(x)) + dx(log(x)) + dx(abs(x)) + dx(sign(x))": 1 / X[1].cos() ** 2
    + 0.5 * X[1] ** -0.5
    + 1 / X[1]
    + 1,
    "dx(sinh(x)) + dx(cosh(x)) + dx(tanh(x)) + dx(2**x) + dx(x**x)": X[1].cosh()
    + X[1].sinh()
    + 1 / X[1].cosh() ** 2
    + 2 ** X[1] * math.log(2)
    + X[1] ** X[1] * (X[1].log() + 1),
    "dx(1/x) + dy(x/y)": -1 / X[1] ** 2 - X[1] / X[2] ** 2,
}
ONE = {
    "dt(u) + u*dx(u) - nu*dx(dx(u))": partial("t") + U * partial("x") - 0.25 * partial("xx"),
    "dt(u) = nu*laplacian(u)": partial("t") - 0.25 * (partial("xx") + partial("yy")),
    "dt(dt(u)) - lap(u)": partial("tt") - partial("xx") - partial("yy"),
    "dx(dy(u)) + dy(dx(u))": 2 * partial("xy"),
    "dx(k*dx(u))": (1 + X[1] ** 2) * partial("xx") + 2 * X[1] * partial("x"),
    "div(k*grad(u)) - k*laplacian(u)": 2 * X[1] * partial("x"),
    "dot(grad(u), grad(u))": partial("x") ** 2 + partial("y") ** 2,
    "laplacian(laplacian(u))": partial("xxxx") + 2 * partial("xxyy") + partial("yyyy"),
    "dx(laplacian(u))": partial("xxx") + partial("xyy"),
    "laplacian(3*u - u/2 + x**2)": 2.5 * (partial("xx") + partial("yy")) + 2,
    "laplacian(u**2)": 2 * U * (partial("xx") + partial("yy")) + 2 * (partial("x") ** 2 + partial("y") ** 2),
    "dx(exp(u))": U.exp() * partial("x"),
    "u**3 - u + dx(u**2/2)": U**3 - U + U * partial("x"),
    "div(grad(u)/2) + div([u, -u])": (partial("xx") + partial("yy")) / 2 + partial("x") - partial("y"),
}
TWO = {
    "dt(u) - nu*laplacian(u) - u*v**2": partial("t") - 0.25 * (partial("xx") + partial("yy")) - U * V**2,
    "div([u, v])": partial("x") + partial("y", 1),
    "u*dx(v) + v*dy(v)": U * partial("x", 1) + V * partial("y", 1),
    "dot([u, v], grad(u)) + dot(2*[u, v] - [v, u], [1, 0])": U * partial("x") + V * partial("y") + 2 * U - V,
    "dx(u*v)": U * partial("x", 1) + V * partial("x"),
}


@pytest.mark.parametrize("text", [*NUMBERS, *FIELDS])
def test_a_formula_means_what_it_says(text: str) -> None:
    expected = torch.as_tensor({**NUMBERS, **FIELDS}[text], dtype=F64)
    torch.testing.assert_close(Formula.of(text, PLANE.data())(X), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("text", [*ONE, *TWO])
def test_an_equation_means_what_it_says(text: str, strategy: Strategy) -> None:
    names, u = (PLANE, scalar) if text in ONE else (PAIR, pair)
    found = Equations.of(text, names)(u, X, strategy)
    torch.testing.assert_close(found, {**ONE, **TWO}[text], rtol=1e-11, atol=1e-11)


def test_lists_are_vectors() -> None:
    found = Equations.of(["dt(u)", "dx(v) = 1", "2"], PAIR)(pair, X, Auto())
    torch.testing.assert_close(found, torch.stack([partial("t"), partial("x", 1) - 1, torch.tensor(2.0, dtype=F64)]))
    field = Formula.of(["x", 0, None, "2"], PLANE.data())
    torch.testing.assert_close(field(X), torch.tensor([0.8, 0, 0, 2], dtype=F64))
    many = torch.rand(7, 3, dtype=F64)
    assert field(many).shape == vmap(field)(many).shape == (7, 4)


def test_one_pass_serves_all_derivatives() -> None:
    """However nested the text, partial derivatives of u itself are all that is asked for, and each of them once."""
    calls = []

    class Spy(Auto):
        def partials(self, u, x, orders):
            calls.append(sorted(orders))
            return super().partials(u, x, orders)

    Equations.of("dt(u) + u*dx(u) - dx(nu*u*dx(u)) + dx(dx(u))*dx(u)", PLANE)(scalar, X, Spy())
    assert calls == [[(), (0,), (1,), (1, 1)]]


def test_more_than_three_dimensions() -> None:
    names = Names(5, False, ("u",))
    x = torch.rand(5, dtype=F64)
    found = Equations.of("laplacian(u) - dx4(dx5(u)) + z", names)(lambda x: (x**3).sum() + x[3] * x[4], x, Auto())
    torch.testing.assert_close(found, 6 * x.sum() - 1 + x[2])


def test_orders_of_the_fields() -> None:
    names = Names(2, True, ("u", "v", "p"))
    orders = Equations.of(["dt(u) + dx(dt(dt(v)))", "laplacian(laplacian(u)) + v"], names).orders
    assert orders == ({-1: 0, 0: 1, 1: 4, 2: 4}, {-1: 0, 0: 2, 1: 1}, {})


def test_where_time_is_spoken_of() -> None:
    assert uses_time(["u", "dt (u)"])
    assert uses_time(["sin(2*t)"])
    assert not uses_time(["tanh(u) + dot(grad(u), grad(u)) + at + 2.e"])


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


def test_known_names_are_listed() -> None:
    with pytest.raises(
        FormulaError, match="fields u; coordinates of this domain t, x, y; coefficients nu, k; constants"
    ):
        Equations.of("w", PLANE)
    with pytest.raises(FormulaError, match=r"coefficient k: 'u' is not known.*\n.*1 \+ u"):
        Equations.of("k*u", Names(1, False, ("u",), {"k": "1 + u"}))
    with pytest.raises(FormulaError, match="'t' is not known"):
        Formula.of("t", PLANE.data(still=True))


@pytest.mark.parametrize("name", ["x", "t", "x7", "dx", "pi", "sin", "grad", "", "a b", "ä", "2u"])
def test_names_that_are_taken(name: str) -> None:
    with pytest.raises(ValueError, match=r"The field .* (has the name of|needs a name)"):
        Names(1, False, (name,))
    with pytest.raises(ValueError, match=r"The coefficient .* (has the name of|needs a name)"):
        Names(1, False, ("u",), {name: 1.0})


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="'u' is given twice"):
        Names(1, False, ("u",), {"u": 1.0})


def test_a_long_text_is_shown_around_the_caret() -> None:
    with pytest.raises(FormulaError) as caught:
        Formula.of("x + " * 200 + "w" + " + x" * 200, PLANE.data())
    _, shown, caret, _ = str(caught.value).split("\n")
    assert len(shown) < 120
    assert shown[len(caret) - 1] == "w"


def test_long_sums_are_not_deep() -> None:
    torch.testing.assert_close(Formula.of("x" + " + x" * 400, PLANE.data())(X), 401 * X[1])


WORDS = (
    *("u", "v", "x", "y", "t", "nu", "pi", "e", "dx(", "dy(", "dt(", "lap(", "grad(", "div(", "dot(", "sin(", "exp("),
    *("log(", "sqrt(", "(", ")", "[", "]", ",", "+", "-", "*", "**", "/", "=", "//", "1", "2", "0.5", "9", "1e308"),
    *("0", "100", ".5", "1.", "w", "lambda", "if", "not", "True", ".", "'", "#", "\\", "\n", "\0", "é", "²", "\ud800"),
    *("1j", "0x1", "@", ":", ";", "<", "{", " "),
)
SEEDS = [
    "dt(u) + u*dx(u) - nu*dx(dx(u))",
    "div(nu*grad(u)) - u**3",
    "dot(grad(u), grad(v)) + sin(pi*x)",
    "2**x/(1 + u)",
]


def random_text(r: random.Random) -> str:
    """Characters, words, damaged formulas, and formulas within formulas."""
    kind = r.random()
    if kind < 0.2:
        return "".join(chr(r.randrange(r.choice([128, 0x3000, 0x110000]))) for _ in range(r.randrange(60)))
    if kind < 0.5:
        return r.choice(["", " "]).join(r.choice(WORDS) for _ in range(r.randrange(1, 25)))
    if kind < 0.9:
        text = list(r.choice(SEEDS))
        for _ in range(r.randrange(1, 4)):
            place = r.randrange(len(text))
            text[place : place + r.randrange(2)] = [r.choice(WORDS)] if r.random() < 0.6 else []
        return "".join(text)
    text = r.choice(["u", "x", "9", "1 1", "u*v"])
    for _ in range(r.randrange(40)):
        text = r.choice(["(%", "-%", "sin(%)", "dx(%)", "lap(%)", "9**%", "%**9", "u*(%)", "1/(%)"]).replace("%", text)
    return text


def test_no_text_does_anything_but_raise_a_value_error() -> None:
    r, names, started = random.Random(0), Names(2, True, ("u", "v"), {"nu": 0.1}), time.perf_counter()
    refused = 0
    for _ in range(20_000):
        text = random_text(r)
        try:
            Equations.of(text, names)
        except FormulaError:
            refused += 1
    assert 10_000 < refused < 19_800
    assert time.perf_counter() - started < 30  # 2 s on an idle core
