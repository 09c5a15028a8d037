"""The Jacobian by jets and tables is that of the full objective by autograd, for every PDE of the library."""

import pytest
import torch

from pinn.networks import FrozenFeatures, RandomSines, WithUnknowns
from pinn.objective import Objective, OutputTables
from pinn.pdes import PDE
from pinn.pdes.derived.squares import of_squares
from pinn.samplers import Sobol
from tests.contracts.test_pdes import PDES

F64 = torch.float64
NOT_LOCAL = {"norm", "projection"}
"""Conditions that see the field at more than one point."""


@pytest.mark.parametrize("pde", PDES, ids=lambda pde: type(pde).__name__)
def test_tables_are_exact(pde: PDE) -> None:
    pde, generator = of_squares(pde), torch.Generator().manual_seed(0)
    bounds = pde.domain.embedded_bounds
    outputs = None if pde.components is None else pde.components - len(pde.unknowns)
    network: torch.nn.Module = FrozenFeatures(
        len(bounds[0]), outputs, features=[RandomSines(9, 3.0)], bounds=bounds, chart=pde.domain.chart,
        generator=generator,
    )  # fmt: skip
    if pde.unknowns:
        network = WithUnknowns(network, pde.unknowns, len(bounds[0]), generator)
    network = network.double()
    samples = Sobol(12, 5).sample(pde.soft_conditions(), generator, torch.zeros((), dtype=F64))
    params = {
        name: value.detach() + 0.1 * torch.randn(value.shape, generator=generator, dtype=F64)
        for name, value in network.named_parameters()
    }
    objective = Objective(pde, network, samples)
    tables = OutputTables(objective, params)
    hidden = {name: value for name, value in params.items() if name not in tables.names}
    moved = {
        name: params[name] + 0.1 * torch.randn(params[name].shape, generator=generator, dtype=F64)
        for name in tables.names
    }
    found, expected = tables.linearize(moved), objective.fixing(hidden).linearize(moved)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10 * float(other.abs().max()))
    if not pde.unknowns:
        assert tables.tabulated == NOT_LOCAL.isdisjoint(condition.name for condition in objective.conditions)
