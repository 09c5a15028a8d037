"""Sketched Gauss–Newton: an orthogonal sketch, exact if it is whole, convergent if it is a third, bounded in memory."""

from typing import Any

import pytest
import torch
from torch import Tensor

from pinn.networks import MLP
from pinn.objective import Objective
from pinn.objective.projected import linearize_projected
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule, SketchedGaussNewton
from pinn.optimizers.parameters import flatten
from pinn.optimizers.sketched_gauss_newton import Subspace, hartley
from pinn.pdes import Poisson
from pinn.samplers import Sobol
from pinn.training.loop import train

F64 = torch.float64


def problem(chunk_size: int | None = None) -> tuple[Objective, dict[str, Tensor]]:
    pde, generator = Poisson(hard=False), torch.Generator().manual_seed(0)
    network = MLP(2, width=8, depth=2, bounds=pde.domain.bounds, generator=generator).double()
    samples = Sobol(80, 20).sample(pde.soft_conditions(), generator, torch.zeros((), dtype=F64))
    params = {name: value.detach() for name, value in network.named_parameters()}
    return Objective(pde, network, samples, chunk_size=chunk_size), params


@pytest.mark.parametrize("n", [1, 2, 7, 30])
def test_the_hartley_transform_is_orthogonal_and_its_own_inverse(n: int) -> None:
    H = hartley(torch.eye(n, dtype=F64))
    torch.testing.assert_close(H @ H.T, torch.eye(n, dtype=F64), rtol=0, atol=1e-14)
    torch.testing.assert_close(H @ H, torch.eye(n, dtype=F64), rtol=0, atol=1e-14)


def test_the_columns_of_a_sketch_are_orthonormal_and_lift_is_its_transpose() -> None:
    subspace = Subspace(12, 5, torch.Generator().manual_seed(0), torch.zeros((), dtype=F64))
    omega = subspace.project(torch.eye(12, dtype=F64))
    torch.testing.assert_close(omega.T @ omega, torch.eye(5, dtype=F64), rtol=0, atol=1e-14)
    y = torch.randn(5, dtype=F64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(subspace.lift(y), omega @ y, rtol=0, atol=1e-14)


def test_a_whole_sketch_takes_the_exact_step() -> None:
    """An orthogonal change of basis changes nothing: the first step is that of plain Levenberg–Marquardt."""
    objective, params = problem()
    sketched = SketchedGaussNewton(sketch=10**6).start(params, 1)
    exact = LevenbergMarquardt(acceleration=0).start(params, 1)
    sketched.step(objective)
    exact.step(objective)
    assert not torch.equal(flatten(exact.params), flatten(params))
    torch.testing.assert_close(flatten(sketched.params), flatten(exact.params), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("chunk_size", [1, 17, None])
def test_chunks_give_the_projected_jacobian(chunk_size: int | None) -> None:
    objective, params = problem(chunk_size)
    r, J = problem()[0].linearize(params)
    subspace = Subspace(J.shape[1], 9, torch.Generator().manual_seed(0), J)
    sizes: list[int] = []

    def project(rows: Tensor) -> Tensor:
        sizes.append(len(rows))
        return subspace.project(rows)

    (found,), (A,) = linearize_projected(objective, params, project)
    torch.testing.assert_close(found, r, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(A, subspace.project(J), rtol=1e-10, atol=1e-10)
    assert max(sizes) <= (chunk_size or 100)


def test_converges_in_a_third_of_the_dimensions() -> None:
    pde = Poisson()
    network = MLP(2, width=12, depth=2, bounds=pde.domain.bounds, generator=torch.Generator().manual_seed(0)).double()
    P = sum(parameter.numel() for parameter in network.parameters())
    method = Schedule((Adam(steps=30), SketchedGaussNewton(sketch=P // 3)))
    *_, last = train(pde, network, method, Sobol(200, 50, every=0), steps=300)
    assert last.rel_l2 < 1e-5
    assert last.method == "sketched_gn"


def test_too_much_memory_and_wrong_numbers_are_refused() -> None:
    objective, params = problem()
    with pytest.raises(ValueError, match=r"Lower optimizer\.sketch"):
        SketchedGaussNewton(max_gb=1e-6).start(params, 1).step(objective)
    wrong: dict[str, Any]
    for wrong in ({"sketch": 0}, {"damping": 0.0}, {"max_gb": 0.0}, {"steps": 0}):
        with pytest.raises(ValueError, match="needs"):
            SketchedGaussNewton(**wrong)
