"""The simulated device keeps the promises that the other tests build on."""

import pytest
import torch
from torch.func import jvp, vmap

from tests.cuda.simulated import NAME, CrossingError, SimulatedTensor, Simulation

F64 = torch.float64


def test_a_tensor_left_on_the_cpu_is_an_error() -> None:
    with Simulation():
        x = torch.ones(3, dtype=F64, device=NAME)
        for act in (lambda: x + torch.ones(3), lambda: torch.cat([x, torch.ones(1)]), lambda: x @ torch.ones(3)):
            with pytest.raises(RuntimeError, match="left on the CPU"):
                act()
        assert float((x * torch.tensor(2.0, dtype=F64)).sum()) == 6.0  # a number may meet any device, as with CUDA


def test_under_transforms_too() -> None:
    with Simulation():
        x = torch.ones(4, 3, dtype=F64, device=NAME)
        with pytest.raises(RuntimeError, match="left on the CPU"):
            vmap(lambda row: jvp(lambda y: y * torch.ones(3, dtype=F64), (row,), (row,))[1])(x)


def test_numbers_views_and_gradients_are_those_of_the_cpu() -> None:
    torch.manual_seed(0)
    x, w = torch.randn(4, 3, dtype=F64), torch.randn(3, dtype=F64)
    with Simulation():
        a, b = x.to(NAME), w.to(NAME).requires_grad_()
        a[:, 0] += 1
        a.t()[1].mul_(2)
        loss = torch.sin(a @ b).square().sum()
        (gradient,) = torch.autograd.grad(loss, b)
        assert isinstance(gradient, SimulatedTensor)
        assert gradient.device.type == NAME
        found = gradient.cpu()
    x[:, 0] += 1
    x.t()[1].mul_(2)
    leaf = w.requires_grad_()
    (expected,) = torch.autograd.grad(torch.sin(x @ leaf).square().sum(), leaf)
    assert torch.equal(found, expected)


def test_what_crosses_is_listed_and_may_be_forbidden() -> None:
    with Simulation() as simulation:
        x = torch.ones(3, device=NAME)
        y = x * 2 + torch.zeros_like(x)
        assert simulation.crossings == []
        for act in (lambda: float(y.sum()), lambda: bool(y.any()), lambda: y[y > 1], lambda: x.new_tensor([1.0, 2.0])):
            before = len(simulation.crossings)
            act()
            assert len(simulation.crossings) > before
            with pytest.raises(CrossingError), simulation.captured():
                act()
