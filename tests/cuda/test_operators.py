"""Every operator by every strategy, on the device as on the CPU: value and parameter gradient, float64 and float32."""

import inspect
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import vjp, vmap

import pinn.operators
from pinn.operators import Cylindrical, Estimate, Polar, Spherical, Strategy, curl
from pinn.typing import Field
from tests.conftest import FINAL
from tests.contracts.fields import FIELDS, Elementwise
from tests.contracts.test_strategies import SCALAR, VECTOR, built
from tests.cuda.comparing import assert_agree, dtypes, on

Case = Callable[[Field, Tensor, Strategy], Tensor]
CASES: dict[str, Case] = {
    **{name: lambda v, x, s, f=f: f(v, x, s) for name, f in VECTOR.items()},
    **{f"{name} of a scalar": lambda v, x, s, f=f: f(lambda y: v(y)[0], x, s) for name, f in SCALAR.items()},
    "curl": lambda v, x, s: curl(v, x, s),
    **{
        f"{operator} in {type(c).__name__}": lambda v, x, s, c=c, operator=operator: getattr(c, operator)(
            (lambda y: v(y)[0]) if operator in {"grad", "laplacian"} else v, x, s
        )
        for c in (Polar(), Cylindrical(), Spherical())
        for operator in ("grad", "laplacian", "div")
    },
}


def test_no_operator_is_missing() -> None:
    """Whatever takes a strategy has a case here."""
    functions = inspect.getmembers(pinn.operators, inspect.isfunction)
    operators = [name for name, f in functions if "strategy" in inspect.signature(f).parameters]
    assert len(operators) >= 11
    for name in operators:
        assert any(case.split()[0] == name or f" {name}" in case for case in CASES), name


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("strategy", [cls() for cls in FINAL], ids=lambda s: type(s).__name__)
def test_as_on_the_cpu(strategy: Strategy, name: str, device: torch.device) -> None:
    d = 2 if "Polar" in name else 3
    diagonal_alone = type(strategy).__name__ == "Ones"
    if diagonal_alone and (" in " in name or name in {"div of a tensor", "curl", "nonlinear diffusion of a scalar"}):
        pytest.skip("v = 1 needs a diagonal Jacobian")
    field, params, _ = built(Elementwise if diagonal_alone else FIELDS["tanh"], d)
    points = torch.rand(4, d, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 0.5

    def residual(p: dict[str, Tensor], x: Tensor) -> Tensor:
        return vmap(lambda x: CASES[name](lambda y: field(p, y), x, strategy))(x)

    def found(where: torch.device, dtype: torch.dtype) -> tuple:
        theta, x = on({name: value.to(dtype) for name, value in params.items()}, where), points.to(where, dtype)
        value, pull, *_ = vjp(lambda p: residual(p, x), theta)
        return value, pull(torch.ones_like(value))[0]

    if isinstance(strategy, Estimate) and "hessian" in name:
        with pytest.raises(NotImplementedError, match="estimates traces"):
            found(device, torch.float64)
        return
    for dtype in dtypes(device):
        assert_agree(found(device, dtype), found(torch.device("cpu"), dtype), device)
