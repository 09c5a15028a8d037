"""Typed formulas and equations mean what they say: the same as derivatives by hand or by autograd."""

import math

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.expressions import Equations, Formula, Names
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
    residual = Equations.of(text, names)(u, X, strategy)
    torch.testing.assert_close(residual, {**ONE, **TWO}[text], rtol=1e-11, atol=1e-11)


def test_lists_are_vectors() -> None:
    residuals = Equations.of(["dt(u)", "dx(v) = 1", "2"], PAIR)(pair, X, Auto())
    torch.testing.assert_close(
        residuals, torch.stack([partial("t"), partial("x", 1) - 1, torch.tensor(2.0, dtype=F64)])
    )
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
    residual = Equations.of("laplacian(u) - dx4(dx5(u)) + z", names)(lambda x: (x**3).sum() + x[3] * x[4], x, Auto())
    torch.testing.assert_close(residual, 6 * x.sum() - 1 + x[2])


def test_orders_of_the_fields() -> None:
    names = Names(2, True, ("u", "v", "p"))
    orders = Equations.of(["dt(u) + dx(dt(dt(v)))", "laplacian(laplacian(u)) + v"], names).orders
    assert orders == ({-1: 0, 0: 1, 1: 4, 2: 4}, {-1: 0, 0: 2, 1: 1}, {})


CHOICES = {
    "where(x < 0.9 and not y < 0.5, x**2, 7)": lambda t, x, y: x**2,
    "where(x < 0.5 or y > 0.7, 1, y)": lambda t, x, y: y,
    "where(0.2 < t <= 0.3, x, y)": lambda t, x, y: x,
    "where(1 < 2, x, y)": lambda t, x, y: x,
    "min(x, y, 0.7)": lambda t, x, y: y,
    "max(0.1, t, x*y)": lambda t, x, y: x * y,
    "heaviside(x - y) + 2*heaviside(t - 0.3)": lambda t, x, y: 2 + 0 * x,
    "(x >= 0.8)*y": lambda t, x, y: y,
    "(x > 0.8)*y": lambda t, x, y: 0 * y,
}


@pytest.mark.parametrize("text", CHOICES)
def test_choices_and_their_derivatives(text: str, strategy: Strategy) -> None:
    """Away from breaks the derivative is that of what is chosen, by all strategies and within products."""
    expected = CHOICES[text]
    torch.testing.assert_close(Formula.of(text, PLANE.data())(X), torch.as_tensor(expected(*X), dtype=F64))
    chosen = lambda y: expected(*y) * scalar(y)  # noqa: E731
    found = Equations.of(f"dx(({text})*u)", PLANE)(scalar, X, strategy)
    torch.testing.assert_close(found, torch.func.grad(chosen)(X)[1], rtol=1e-10, atol=1e-10)


def test_not_a_number_stays_one() -> None:
    for text in ("min(log(x - 2), 1)", "max(0, sqrt(x - 2))"):
        assert Formula.of(text, PLANE.data())(X).isnan()
