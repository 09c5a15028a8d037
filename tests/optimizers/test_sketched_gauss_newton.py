"""Sketched Gauss–Newton: an orthogonal sketch, exact if it is whole, convergent if it is a third, bounded in memory."""

from typing import Any

import pytest
import torch
from torch import Tensor

from pinn.networks import MLP
from pinn.objective import Objective
from pinn.objective.memory import AllocationWatch
from pinn.objective.projected import linearize_projected
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule, SketchedGaussNewton
from pinn.optimizers.parameters import flatten
from pinn.optimizers.sketches import RowSketch, Subspace, hartley
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
    for wrong in ({"sketch": 0}, {"sketch": 9, "rows": 8}, {"damping": 0.0}, {"max_gb": 0.0}, {"steps": 0}):
        with pytest.raises(ValueError, match="needs"):
            SketchedGaussNewton(**wrong)


def test_a_sketch_of_rows_keeps_lengths_and_is_the_same_in_parts() -> None:
    generator = torch.Generator().manual_seed(0)
    A = torch.randn(3000, 6, dtype=F64, generator=generator)
    sketch = RowSketch(3000, 400, generator, A)
    S = sketch.times(torch.eye(3000, dtype=F64))
    assert S.shape == (400, 3000)
    torch.testing.assert_close(S.square().sum(0), torch.ones(3000, dtype=F64), rtol=0, atol=1e-14)
    torch.testing.assert_close(sketch.times(A), S @ A, rtol=1e-12, atol=1e-12)
    parts = torch.zeros(400, 6, dtype=F64)
    for start in range(0, 3000, 700):
        sketch.add(parts, A[start : start + 700], start)
    torch.testing.assert_close(parts, S @ A, rtol=1e-12, atol=1e-12)
    stretch = torch.linalg.svdvals(torch.linalg.solve_triangular(torch.linalg.qr(A).R, S @ A, upper=True, left=False))
    assert 0.75 < float(stretch.min()) < float(stretch.max()) < 1.25


def test_an_orthogonal_problem_of_fewer_rows_than_the_sketch_is_solved_as_before() -> None:
    objective, params = problem()
    whole, sketched = (SketchedGaussNewton(sketch=20, rows=rows).start(params, 1) for rows in (None, 100))
    assert len(objective.residual(params)) == 100
    for _ in range(3):
        whole.step(objective)
        sketched.step(objective)
    assert torch.equal(flatten(whole.params), flatten(sketched.params))


@pytest.mark.parametrize("chunk_size", [7, 64])
def test_steps_on_sketched_rows_do_not_depend_on_chunks(chunk_size: int) -> None:
    method = SketchedGaussNewton(sketch=20, rows=60)
    (whole, params), (chunked, _) = problem(), problem(chunk_size)
    first, second = method.start(params, 1), method.start(params, 1)
    for _ in range(3):
        first.step(whole)
        second.step(chunked)
    torch.testing.assert_close(flatten(first.params), flatten(second.params), rtol=1e-7, atol=1e-8)


def test_converges_on_a_sketch_of_the_rows() -> None:
    pde = Poisson()
    network = MLP(2, width=12, depth=2, bounds=pde.domain.bounds, generator=torch.Generator().manual_seed(0)).double()
    method = Schedule((Adam(steps=30), SketchedGaussNewton(sketch=70, rows=280)))
    *_, last = train(pde, network, method, Sobol(2000, 50, every=0), steps=300)
    assert last.rel_l2 < 1e-4


def test_the_memory_of_a_step_does_not_grow_with_the_points() -> None:
    """Measured: what a step makes, but for a number or two of each point."""
    pde, peaks = Poisson(), []
    network = MLP(2, width=12, depth=2, bounds=pde.domain.bounds, generator=torch.Generator().manual_seed(0)).double()
    params = {name: value.detach() for name, value in network.named_parameters()}
    for points in (2000, 8000):
        generator = torch.Generator().manual_seed(0)
        samples = Sobol(points, 1).sample(pde.soft_conditions(), generator, torch.zeros((), dtype=F64))
        iteration = SketchedGaussNewton(sketch=50, rows=200).start(params, 1)
        objective = Objective(pde, network, samples, chunk_size=500)
        with AllocationWatch() as watch:
            iteration.step(objective)
        peaks.append(max(watch.course))
    held = 2 * 8 * 6000 * 50  # what the sketched Jacobian of 6000 more points would take
    assert peaks[1] - peaks[0] < held / 2
