"""A trained field at one point and at many, as tensors, arrays and lists."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.func import vmap

from pinn.domains import Box, Domain, Interior, PointCloud, Polygon
from pinn.networks import MLP
from pinn.operators import Strategy, jacobian, laplacian
from pinn.optimizers import Adam
from pinn.pdes import PDE, Condition, NavierStokes, Poisson
from pinn.samplers import Sobol
from pinn.training.loop import train
from pinn.training.solution import Solution
from pinn.training.step import Step

F64 = torch.float64


def trained(pde: PDE, dtype: torch.dtype = F64) -> Step:
    network = MLP(pde.domain.dim, pde.components, width=4, depth=1, generator=torch.Generator().manual_seed(0))
    *_, last = train(pde, network.to(dtype), Adam(), Sobol(20, 8), steps=2)
    return last


@pytest.mark.parametrize("pde", [Poisson(), NavierStokes()], ids=lambda pde: type(pde).__name__)
def test_many_points_have_the_values_of_each(pde: PDE) -> None:
    u = trained(pde).field
    X = torch.rand(5, 3, 2, dtype=F64, generator=torch.Generator().manual_seed(0))
    found = u(X)
    assert found.shape == (5, 3, *([] if pde.components is None else [pde.components]))
    for i, j in ((0, 0), (4, 2)):
        torch.testing.assert_close(found[i, j], u(X[i, j]), rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(vmap(vmap(u))(X), found, rtol=1e-13, atol=1e-13)
    many = torch.rand(9000, 2, dtype=F64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(u(many)[8995:], u(many[8995:]), rtol=1e-13, atol=1e-13)
    assert u(X[:0]).shape[0] == 0


def test_operators_differentiate_it_and_autograd_goes_through_a_batch() -> None:
    u = trained(Poisson()).field
    x = torch.tensor([0.3, 0.4], dtype=F64)
    slope = jacobian(u, x)
    assert laplacian(u, x).shape == ()
    leaf = x.repeat(4, 1).requires_grad_()
    (gradient,) = torch.autograd.grad(u(leaf).sum(), leaf)
    torch.testing.assert_close(gradient, slope.repeat(4, 1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [F64, torch.float32])
def test_arrays_and_lists_give_arrays(dtype: torch.dtype) -> None:
    u = trained(Poisson(), dtype).field
    X = np.random.default_rng(0).random((7, 2))
    values = u(X)
    assert isinstance(values, np.ndarray)
    np.testing.assert_allclose(values, u(torch.from_numpy(X)).detach().numpy())
    np.testing.assert_allclose(u(X.tolist()), values)
    np.testing.assert_allclose(u([0.0, 1]), u(torch.tensor([0.0, 1.0], dtype=dtype)).detach().numpy())
    assert u([[0, 1]]).shape == (1,)


def test_what_is_no_point_is_refused_in_words() -> None:
    u = trained(Poisson()).field
    for wrong in (torch.zeros(3), torch.zeros(4, 1), torch.zeros(()), np.zeros((2, 3)), [1.0]):
        with pytest.raises(ValueError, match=r"takes points of 2 coordinates, shape \(2,\) or \(…, 2\), got \("):
            u(wrong)
    for wrong in ("ab", [[1, 2], [3]], [object()]):
        with pytest.raises(ValueError, match="a tensor, an array or a list of numbers"):
            u(wrong)


@dataclass(frozen=True)
class OnlyAnEquation(PDE):
    """Δu = 1, and nothing else said."""

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))

    def conditions(self) -> tuple[Condition, ...]:
        def residual(u, x, *, strategy: Strategy):
            return laplacian(u, x, strategy=strategy) - 1

        return (Condition("interior", Interior(self.domain), residual),)


def test_a_problem_needs_no_exact_solution_and_no_word_on_hard_conditions() -> None:
    last = trained(OnlyAnEquation())
    assert np.isnan(last.rel_l2)
    assert last.field([0.5, 0.5]).shape == ()


def test_a_network_of_other_inputs_is_refused_before_the_first_step() -> None:
    with pytest.raises(ValueError, match=r"takes 3 inputs, and a point of Box.* has 2 coordinates: give it inputs=2"):
        next(train(Poisson(), MLP(3, width=4, depth=1).double(), Adam(), Sobol(20, 8), steps=1))


def test_texts_of_what_a_user_prints_are_short() -> None:
    last = trained(Poisson())
    assert len(repr(last)) < 200
    assert "Step(2, adam," in repr(last)
    assert len(repr(Polygon(tuple((np.cos(t), np.sin(t)) for t in np.linspace(0, 6, 300))))) < 300
    import inspect

    assert len(str(inspect.signature(PointCloud))) < 400
    assert isinstance(last.field, Solution)
