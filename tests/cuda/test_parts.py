"""Every network, domain, condition and problem on the device as on the CPU."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.domains import Boundary, Domain, Interior
from pinn.networks import field
from pinn.objective import Objective
from pinn.operators import laplacian
from pinn.pdes import PDE
from pinn.samplers import Sobol
from pinn.training.accuracy import Reference, evaluation_points
from tests.contracts.test_domains import BOUNDED, DOMAINS
from tests.contracts.test_domains import name as domain_name
from tests.contracts.test_networks import MAKERS, X
from tests.contracts.test_networks import network as small
from tests.contracts.test_pdes import PDES, network
from tests.cuda.comparing import CPU, assert_agree, dtypes, on, on_cpu


def both(module: nn.Module, device: torch.device, dtype: torch.dtype) -> tuple[nn.Module, nn.Module]:
    """The network on the CPU, and the same on the device."""
    here = copy.deepcopy(module).to(dtype)
    return here, copy.deepcopy(here).to(device)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: str(make).split("networks.")[-1][:40])
def test_networks(make, device: torch.device) -> None:
    """Values, a Laplacian and its parameter gradient."""

    def found(module: nn.Module, points: Tensor) -> tuple:
        u = field(module)
        values = vmap(lambda x: torch.stack([u(x), laplacian(u, x)]))(points)
        return values, torch.autograd.grad(values.square().sum(), list(module.parameters()))

    for dtype in dtypes(device):
        here, there = both(small(make), device, dtype)
        expected = on_cpu(lambda here=here, dtype=dtype: found(here, X.to(dtype)))
        assert_agree(found(there, X.to(device, dtype)), expected, device)


@pytest.mark.parametrize("domain", DOMAINS, ids=domain_name)
def test_domains(domain: Domain, device: torch.device) -> None:
    """Points from the same uniform numbers, what the domain says of them, and its distance and extension there."""
    generator = torch.Generator().manual_seed(0)

    def found(where: torch.device) -> tuple:
        generator.manual_seed(0)

        def draw(n: int, k: int) -> Tensor:
            return torch.rand(n, k, generator=generator, dtype=torch.float64).to(where)

        (x,) = Interior(domain).sample(40, draw)
        told = [x, domain.contains(x), domain.distance(x)]
        if domain in BOUNDED:
            told += Boundary(domain).sample(40, draw)
            if domain.extendable:
                told.append(vmap(domain.extend(lambda y: (y * y).sum(-1)))(x))
        return tuple(told)

    expected = on_cpu(lambda: found(CPU))
    assert_agree(found(device), expected, device)


@pytest.mark.parametrize("pde", PDES, ids=lambda pde: type(pde).__name__)
def test_problems(pde: PDE, device: torch.device) -> None:
    """The points of every condition, soft or built in, the loss, its gradient, the Jacobian, and the error."""

    def found(module: nn.Module) -> tuple:
        like = next(module.parameters())
        conditions = pde.conditions()
        samples = Sobol(8, 5).sample(conditions, torch.Generator().manual_seed(0), like)
        data = [vmap(c.given)(*samples[c.name]) for c in conditions if c.given is not None]
        soft = {c.name: samples[c.name] for c in pde.soft_conditions()}
        objective = Objective(pde, module, soft)
        params = {name: value.detach() for name, value in module.named_parameters()}
        evaluation, gradient = objective.gradient(params)
        energetic = any(c.energy is not None for c in pde.soft_conditions())
        linear = () if energetic else objective.linearize(params)
        u = pde.solution(objective.field(params))
        values = vmap(u)(evaluation_points(pde.domain, like)[:20])
        exact = vmap(pde.solution(pde.exact))(samples[conditions[0].name][0]) if pde.exact else ()
        return samples, data, evaluation.terms, gradient, linear, values, exact

    for dtype in dtypes(device):
        here, there = both(network(pde), device, dtype)
        expected = on_cpu(lambda here=here: found(here))
        assert_agree(found(there), expected, device)


@pytest.mark.parametrize("pde", [pde for pde in PDES if pde.exact][:3], ids=lambda pde: type(pde).__name__)
def test_errors(pde: PDE, device: torch.device) -> None:
    """The reference is made on the device, and the error of a field is a number of the host."""
    like = torch.zeros((), dtype=torch.float64)
    assert pde.exact is not None
    exact = pde.solution(pde.exact)
    here = on_cpu(lambda: Reference.of(pde.domain, exact, like, pde.scored))
    there = Reference.of(pde.domain, exact, like.to(device), pde.scored)
    assert_agree(there.values, here.values, device)
    assert there.relative_l2(lambda x: 0 * exact(x)) == pytest.approx(1.0)


def test_on_moves_containers(device: torch.device) -> None:
    moved = on({"a": (torch.ones(2), 3)}, device)
    assert moved["a"][0].device.type == device.type
    assert moved["a"][1] == 3
