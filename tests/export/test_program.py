"""The trained field as a program of torch.export: the numbers of the field, for any number of points."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.func import vmap

from pinn.domains import Disk, Interior, PeriodicBox, TimeDomain
from pinn.export.program import TrainedField, exported
from pinn.networks import MLP, FourierNetwork, field
from pinn.pdes import PDE, Advection, Heat, NavierStokes, Poisson, TimeWindowed
from pinn.runs.run import build_network

F64 = torch.float64
PROBLEMS: dict[str, PDE] = {
    "poisson": Poisson(),
    "heat_on_a_disk": Heat(domain=TimeDomain(0.5, Disk()), exact=lambda x: torch.exp(-x[0]) * x[1]),
    "periodic": Advection(),
    "system": NavierStokes(),
    "windows": TimeWindowed(Heat(), 2),
}


def network(pde: PDE, dtype: torch.dtype = F64) -> nn.Module:
    recipe = {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1}
    return build_network(recipe, pde, torch.Generator().manual_seed(0)).to(dtype)


def points(pde: PDE, n: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return Interior(pde.domain).sample(n, lambda n, k: torch.rand(n, k, generator=generator, dtype=F64))[0]


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_loaded_program_gives_the_field_at_any_number_of_points(name: str, tmp_path: Path) -> None:
    pde = PROBLEMS[name]
    net = network(pde)
    torch.export.save(exported(pde, net), file := tmp_path / "field.pt2")
    loaded = torch.export.load(file).module()
    u = pde.solution(pde.ansatz()(field(net, components=pde.components)))
    for n in (1, 2, 7, 50):
        x = points(pde, n)
        expected = vmap(u)(x).reshape(n, pde.components or 1)
        torch.testing.assert_close(loaded(x), expected, rtol=1e-12, atol=1e-13)


def test_values_built_in_are_in_the_program() -> None:
    boundary = torch.tensor([[0.0, 0.3], [1.0, 0.2], [0.6, 0.0]], dtype=F64)
    pde = Poisson(exact=lambda x: 1 + x[0] * x[1])
    values = exported(pde, network(pde)).module()(boundary)
    torch.testing.assert_close(values[:, 0], 1 + boundary[:, 0] * boundary[:, 1])


def test_a_program_is_periodic_where_the_domain_is() -> None:
    pde = Heat(domain=TimeDomain(1.0, PeriodicBox((0.0,), (2.0,))), exact=lambda x: torch.exp(-x[0]))
    program = exported(pde, network(pde)).module()
    x = points(pde, 5)
    torch.testing.assert_close(program(x), program(x + torch.tensor([0.0, 2.0], dtype=F64)), rtol=0, atol=1e-13)


def test_a_program_keeps_the_dtype_and_the_weights_of_its_moment() -> None:
    net = network(Poisson(), torch.float32)
    program = exported(Poisson(), net).module()
    x = points(Poisson(), 4).float()
    before = program(x)
    assert before.dtype == torch.float32
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(1.0)
    assert torch.equal(program(x), before)
    assert all(parameter.requires_grad for parameter in net.parameters())  # the network itself is left as it was


def test_vectors_are_put_together_by_networks_too() -> None:
    net = FourierNetwork(2, width=4, depth=1, features=3, generator=torch.Generator().manual_seed(0)).double()
    program = exported(Poisson(), net).module()
    x = points(Poisson(), 9)
    torch.testing.assert_close(program(x), TrainedField(Poisson(), net)(x), rtol=1e-12, atol=1e-14)


def test_what_cannot_be_traced_is_refused() -> None:
    class Branching(MLP):
        def forward(self, x: torch.Tensor) -> Any:
            return super().forward(x) if float(x.sum()) > 0 else super().forward(-x)

    with pytest.raises(ValueError, match=r"field of Poisson cannot be traced by torch\.export"):
        exported(Poisson(), Branching(2, width=4, depth=1).double())
