"""Valid formulas at random: the reader against Python's own evaluation, its derivatives against autograd."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pinn.expressions import Equations, Formula, Names
from pinn.operators import Auto

F64 = torch.float64
NAMES = Names(2, True, ("u",), {"nu": 0.25})
X = torch.tensor([0.3, 0.8, -0.6], dtype=F64)  # t, x, y


def tensors(x: Tensor) -> dict[str, Any]:
    """What the names mean to Python."""
    functions = {
        name: getattr(torch, name)
        for name in ("sin", "cos", "exp", "tanh", "sqrt", "log", "abs", "cosh", "sign", "where")
    }
    functions |= {"min": torch.minimum, "max": torch.maximum, "heaviside": lambda a: (1 + torch.sign(a)) / 2}
    one = torch.ones((), dtype=F64)
    return functions | {"t": x[0], "x": x[1], "y": x[2], "pi": torch.pi * one, "e": torch.e * one, "nu": 0.25 * one}


leaf = st.one_of(
    st.sampled_from(["t", "x", "y", "pi", "e", "nu"]),
    st.floats(0.1, 9).map(lambda value: f"torch_number({value!r})"),
    st.integers(1, 9).map(lambda value: f"torch_number({value!r})"),
)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One operation more; arguments that keep values and slopes moderate."""
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]}/(2 + sin({p[1]}))"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})-({p[1]})"),
        st.tuples(inner, st.integers(2, 3)).map(lambda p: f"sin({p[0]})**{p[1]}"),
        st.tuples(inner, st.integers(1, 2)).map(lambda p: f"(2 + cos({p[0]}))**-{p[1]}"),
        st.tuples(st.sampled_from(["sin", "cos", "tanh"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
        inner.map(lambda a: f"exp(sin({a}))"),
        st.tuples(st.sampled_from(["abs", "sign", "heaviside"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
        st.tuples(inner, st.sampled_from(["<", "<=", ">", ">="]), inner, inner, inner).map(
            lambda p: f"where({p[0]} {p[1]} {p[2]}, {p[3]}, {p[4]})"
        ),
        inner.map(lambda a: f"sqrt(2 + cos({a}))"),
        inner.map(lambda a: f"log(3 + sin({a}))"),
        inner.map(lambda a: f"(-{a})"),
        inner.map(lambda a: f"-{a}**2" if a.isalpha() else f"-({a})"),
    )


formulas = st.recursive(leaf, grown, max_leaves=12)


def texts(formula: str) -> tuple[str, Any]:
    """As the reader takes it, and as code for Python, where a number is a tensor."""
    return formula.replace("torch_number", ""), compile(formula, "formula", "eval")


def direct(code: Any, x: Tensor) -> Tensor:
    names = tensors(x) | {"torch_number": lambda value: torch.tensor(value, dtype=F64)}
    return eval(code, {"__builtins__": {}}, names)


def check(formula: str) -> None:
    """Value, first and second derivatives and the Laplacian."""
    text, code = texts(formula)
    read = Formula.of(text, NAMES)
    torch.testing.assert_close(read(X), direct(code, X), rtol=1e-10, atol=1e-10)
    slope = torch.func.grad(lambda x: direct(code, x) + 0 * x.sum())(X)
    bend = torch.func.hessian(lambda x: direct(code, x) + 0 * x.sum())(X)
    for axis, name in enumerate("txy"):
        derived = Equations.of(f"d{name}({text}) + 0*u", NAMES)
        torch.testing.assert_close(derived(lambda x: x[0], X, Auto()), slope[axis], rtol=1e-8, atol=1e-8)
    mixed = Equations.of(f"dx(dy({text}))", NAMES)(lambda x: x[0], X, Auto())
    torch.testing.assert_close(mixed, bend[1, 2], rtol=1e-7, atol=1e-7)
    trace = Equations.of(f"laplacian({text})", NAMES)(lambda x: x[0], X, Auto())
    torch.testing.assert_close(trace, bend[1, 1] + bend[2, 2], rtol=1e-7, atol=1e-7)


def often(times: int) -> None:
    @settings(max_examples=times)
    @given(formulas)
    def holds(formula: str) -> None:
        check(formula)

    holds()


def test_meaning_and_derivatives() -> None:
    often(60)


@pytest.mark.nightly
def test_meaning_and_derivatives_often() -> None:
    often(500)
