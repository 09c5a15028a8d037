"""What jumps under a derivative is refused with a remedy; what is continuous enough is not."""

import pytest

from pinn.domains import Box
from pinn.expressions import FormulaError
from pinn.pdes import Expression

LINE = Box((0.0,), (1.0,))

REFUSED = {
    "dx((2 + sign(x-0.5))*dx(u)) = 0": ("this jumps near (0.5)", "pde.mixed=true"),
    "-div(k*grad(u)) = 1": ("this jumps near (0.3)", "pde.mixed=true"),
    "dx(dx(u)) = dx(sign(x-0.5))": ("this jumps near (0.5)", "smooth function"),
    "lap(u) = 100*dx(dx(max(x, 0.7)))": ("this jumps near (0.7)", "smooth function"),
    "lap(abs(x-0.5)*u) = 0": ("this has a kink near (0.5)", "smooth function"),
    "dx(where(x < 0.25, 1, 2)*u) + lap(u) = 0": ("this jumps near (0.25)", "smooth function"),
}


@pytest.mark.parametrize("equation", REFUSED)
def test_refused_by_name(equation: str) -> None:
    words, remedy = REFUSED[equation]
    with pytest.raises(FormulaError) as caught:
        Expression(domain=LINE, equation=equation, boundary="0", coefficients={"k": "where(x<0.3,1,5)"})
    assert words in str(caught.value)
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    "equation",
    [
        "dx((1 + abs(x-0.5))*dx(u)) = 0",
        "dx(dx(u)) = sign(x-0.5)",
        "dx((2 + tanh(200*(x-0.5)))*dx(u)) = 0",
        "k*dx(dx(u)) = 1",
        "dx(min(x, 2)*dx(u)) = 0",
        "lap(abs(x-0.5)**3*u) = 0",
        "dx(abs(dx(u))*dx(u)) = 1",
    ],
)
def test_taken_as_it_is(equation: str) -> None:
    coefficients = {"k": "where(x<0.3,1,5)"} if "k" in equation else {}
    Expression(domain=LINE, equation=equation, boundary="0", coefficients=coefficients)


def test_a_solution_whose_source_would_lack_a_part() -> None:
    with pytest.raises(ValueError, match=r"pde.exact has a kink near \(0.3\)"):
        Expression(domain=LINE, equation="-lap(u)", exact="abs(x-0.3)")
    Expression(domain=LINE, equation="dx(u) + u", exact="abs(x-0.3)")
    Expression(domain=LINE, equation="-lap(u)", exact="abs(x-0.3)**3")
