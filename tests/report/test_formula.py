"""Typed formulas as MathML: well-formed, and what they say."""

import re
from xml.etree import ElementTree

import pytest

from pinn.report.formula import typeset
from pinn.report.problem import typed_recipe

PRINTED = {
    "dt(u) + u*dx(u) = nu*dx(dx(u))": "ut+uux=νuxx",
    "-laplacian(u) = 1": "−Δu=1",
    "dt(u) = div(k*grad(u))": "ut=∇·(k∇u)",
    "-dx((1 + u)*dx(u)) = 0": "−∂x((1+u)ux)=0",
    "u - (v - 1)": "u−(v−1)",
    "2*(x + y)": "2(x+y)",
    "2*3*x": "2·3x",
    "a*1e-9": "a·10−9",
    "exp(-t)*sin(pi*x)": "e−tsin\u2061(πx)",
    "sqrt(x**2 + 1)": "x2+1",
    "abs(u)/T_0": "|u|T0",
    "dn(u) = -h*(u - 20)": "∂u∂n=−h(u−20)",
    "div([u, v]) = 0": "∇·(u,v)=0",
    "where(x > 0.5, 1, 2)": "where\u2061(x>0.5,1,2)",
    "dot(a, b)": "a·b",
    "a - (-b)": "a−(−b)",
    "a*(-b)": "a(−b)",
    "dx(dy(psi))": "ψyx",
}


@pytest.mark.parametrize("text", PRINTED)
def test_what_is_printed(text: str) -> None:
    page = typeset(text)
    tree = ElementTree.fromstring(str(page))
    assert tree.tag == "math"
    assert re.sub(r"\s", "", "".join(tree.itertext())) == PRINTED[text]


def test_fractions_powers_and_roots_have_their_shape() -> None:
    tree = ElementTree.fromstring(str(typeset("sqrt((a + b)**2/(c - d))")))
    (root,) = tree.iter("msqrt")
    (fraction,) = root.iter("mfrac")
    (power,) = fraction[0].iter("msup")
    assert "".join(power[0].itertext()) == "(a+b)"
    assert "".join(fraction[1].itertext()) == "c−d"


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "u +* 1", "f'<b>'", "lambda: 0", "u[0]", "(" * 300])
def test_what_is_no_formula_is_shown_as_it_was_typed_and_escaped(text: str) -> None:
    page = str(typeset(text))
    assert page.startswith("<code>")
    assert "<script" not in page
    assert "<b>" not in page


def test_a_name_cannot_bring_markup() -> None:
    assert "<img" not in str(typeset("u = '<img>'"))


def test_the_typed_problem_is_found_within_others() -> None:
    typed = {"_target_": "pinn.pdes.Expression", "equation": "dt(u) = 0"}
    assert typed_recipe({"_target_": "pinn.pdes.Inverse", "pde": {"_target_": "x.TimeWindowed", "pde": typed}}) == typed
    assert typed_recipe({"_target_": "pinn.pdes.Heat"}) is None
    assert typed_recipe("heat") is None
