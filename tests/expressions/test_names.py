"""The names in formulas: which are known, which are taken."""

import pytest

from pinn.expressions import Equations, Formula, FormulaError, Names, uses_time

PLANE = Names(2, True, ("u",), {"nu": 0.25, "k": "1 + x**2"})


def test_where_time_is_spoken_of() -> None:
    assert uses_time(["u", "dt (u)"])
    assert uses_time(["sin(2*t)"])
    assert not uses_time(["tanh(u) + dot(grad(u), grad(u)) + at + 2.e"])


def test_known_names_are_listed() -> None:
    with pytest.raises(
        FormulaError, match="fields u; coordinates of this domain t, x, y; coefficients nu, k; constants"
    ):
        Equations.of("w", PLANE)
    with pytest.raises(FormulaError, match=r"coefficient k: 'w' is not known.*\n.*1 \+ w"):
        Equations.of("k*u", Names(1, False, ("u",), {"k": "1 + w"}))
    with pytest.raises(FormulaError, match=r"coefficient k: 'u' is not known.*\n.*1 \+ u"):
        Formula.of("k*x", Names(1, False, ("u",), {"k": "1 + u"}).data())
    with pytest.raises(FormulaError, match="'t' is not known"):
        Formula.of("t", PLANE.data(still=True))


@pytest.mark.parametrize("name", ["x", "t", "x7", "dx", "pi", "sin", "min", "where", "grad", "", "a b", "ä", "2u"])
def test_names_that_are_taken(name: str) -> None:
    with pytest.raises(ValueError, match=r"The field .* (has the name of|needs a name)"):
        Names(1, False, (name,))
    with pytest.raises(ValueError, match=r"The coefficient .* (has the name of|needs a name)"):
        Names(1, False, ("u",), {name: 1.0})


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="'u' is given twice"):
        Names(1, False, ("u",), {"u": 1.0})
