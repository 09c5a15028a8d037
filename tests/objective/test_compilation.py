"""Whole-step compilation and chunks of points: other ways to the same numbers."""

import logging
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from pinn.domains import Box, TimeDomain
from pinn.networks import MLP
from pinn.objective import Objective
from pinn.objective.compilation import Compiled
from pinn.objective.residuals import Residuals
from pinn.operators import Hutchinson, NotDiagonalError, Ones, Rows, Strategy
from pinn.optimizers import LBFGS, Adam, Schedule
from pinn.pdes import PDE, Heat, Poisson
from pinn.samplers import Sobol
from pinn.training.loop import train
from pinn.typing import Params


def traced(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> torch.fx.GraphModule:
    """A backend that runs the traced graph without dead code and compiles nothing, which takes long."""
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


def make(
    pde: PDE, strategy: Strategy, compiled: Compiled | None = None, chunk_size: int | None = None, seed: int = 0
) -> tuple[Objective, Params]:
    network = MLP(pde.domain.dim, width=6, depth=2, generator=torch.Generator().manual_seed(0)).double()
    like = next(network.parameters())
    samples = Sobol(50, 20).sample(pde.soft_conditions(), torch.Generator().manual_seed(seed), like)
    params = {name: value.detach() for name, value in network.named_parameters()}
    return Objective(pde, network, samples, strategy, chunk_size, compiled), params


PDES = [Poisson(hard=False), Heat()]


@pytest.mark.parametrize("pde", PDES, ids=["soft", "hard"])
@pytest.mark.slow
def test_compiled_equals_eager(pde: PDE, strategy: Strategy) -> None:
    eager, params = make(pde, strategy)
    compiled, _ = make(pde, strategy, Compiled(traced))
    expected = eager.gradient(params)
    for _ in range(2):  # the call that compiles, and the compiled call
        evaluation, gradient = compiled.gradient(params)
        torch.testing.assert_close(evaluation.terms, expected[0].terms, rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(gradient, expected[1], rtol=1e-11, atol=1e-13)
    assert compiled.compiled is not None
    assert not compiled.compiled.failed
    assert compiled.compiled.seconds > 0


@pytest.mark.nightly
def test_inductor_equals_eager(strategy: Strategy) -> None:
    eager, params = make(PDES[1], strategy)
    compiled, _ = make(PDES[1], strategy, Compiled())
    expected = eager.gradient(params)
    compiled.gradient(params)
    evaluation, gradient = compiled.gradient(params)
    assert compiled.compiled is not None
    assert not compiled.compiled.failed
    torch.testing.assert_close(evaluation.loss, expected[0].loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient, expected[1], rtol=1e-10, atol=1e-12)


@pytest.mark.slow
def test_a_graph_is_compiled_once_and_then_read_from_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache knows a graph by its operations; the constants in it are inputs, and so another graph's are its own."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))

    def files() -> set[Path]:
        return {path for path in tmp_path.rglob("*") if path.is_file()}

    def compiled(factor: float) -> set[Path]:
        constant, x = torch.full((5,), factor, dtype=torch.float64), torch.arange(5, dtype=torch.float64)
        runs, before = Compiled(), files()
        for _ in range(2):
            result = runs(lambda x: (torch.sin(x) * constant).sum(), x, key="same")
            torch.testing.assert_close(result, (torch.sin(x) * factor).sum(), rtol=1e-14, atol=0)
        assert not runs.failed
        return files() - before

    assert compiled(2.0)
    assert not compiled(2.0)
    assert not compiled(3.0)


def test_an_estimate_takes_its_seed_through_the_graph() -> None:
    """New directions at every step are new numbers, not a new graph."""
    eager, params = make(PDES[0], Hutchinson(seed=1))
    compiled, _ = make(PDES[0], Hutchinson(seed=1), Compiled(traced))
    first = compiled.gradient(params)[0].loss
    torch.testing.assert_close(first, eager.gradient(params)[0].loss, rtol=1e-12, atol=0)
    assert compiled.compiled is not None
    spent = compiled.compiled.seconds
    other = Hutchinson().reseeded(5, 1)
    second = compiled.using(other).gradient(params)[0].loss
    torch.testing.assert_close(second, eager.using(other).gradient(params)[0].loss, rtol=1e-12, atol=0)
    assert second != first
    assert compiled.compiled.seconds == spent
    assert not compiled.compiled.failed


def test_new_points_and_parameters_pass_through_the_same_graph() -> None:
    """What is traced must not remember the points, the data or the parameters it was traced with."""
    compiled, params = make(PDES[0], Rows(), Compiled(traced))
    compiled.gradient(params)
    assert compiled.compiled is not None
    spent = compiled.compiled.seconds
    other, _ = make(PDES[0], Rows(), seed=1)
    shifted = {name: value + 0.1 for name, value in params.items()}
    expected = other.gradient(shifted)
    evaluation, gradient = compiled.at(other.samples).gradient(shifted)
    torch.testing.assert_close(evaluation.loss, expected[0].loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient, expected[1], rtol=1e-11, atol=1e-13)
    assert compiled.compiled.seconds == spent


def test_what_cannot_be_compiled_runs_as_it_is_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    def branching(x: Tensor) -> Tensor:
        return x if float(x.sum()) > 0 else -x

    compiled = Compiled(traced)
    with caplog.at_level(logging.WARNING, "pinn"):
        for _ in range(3):
            assert torch.equal(compiled(branching, torch.ones(2), key="branching"), torch.ones(2))
    assert compiled.failed
    assert len([record for record in caplog.records if record.name == "pinn"]) == 1
    assert "Training goes on without compilation" in caplog.text


def test_a_fault_of_the_problem_is_raised_by_its_own_name(caplog: pytest.LogCaptureFixture) -> None:
    compiled, params = make(Poisson(), Ones(), Compiled(traced))
    with pytest.raises(NotDiagonalError):
        compiled.gradient(params)
    assert not [record for record in caplog.records if record.name == "pinn"]


def test_ones_is_checked_in_the_compiled_graph_too() -> None:
    """An operator that only raises must not be dropped as dead code."""
    pde = Poisson(domain=Box((0.0, 0.0), (1.0, 1.0)), exact=lambda x: x[0] ** 2 + x[1] ** 3, hard=False)

    class Separable(torch.nn.Module):
        """θ₁x² + θ₂y² + θ₃xy: diagonal Hessian only while θ₃ = 0."""

        def __init__(self) -> None:
            super().__init__()
            self.theta = torch.nn.Parameter(torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64))

        def forward(self, x: Tensor) -> Tensor:
            return self.theta[:2] @ x[0] ** 2 + self.theta[2] * x[0, 0] * x[0, 1] + torch.zeros_like(x[:, 0])

    network = Separable()
    like = network.theta
    samples = Sobol(30, 10).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), like)
    compiled = Compiled(traced)
    objective = Objective(pde, network, samples, Ones(), compiled=compiled)
    objective.gradient({"theta": network.theta})
    assert not compiled.failed
    with pytest.raises(NotDiagonalError):
        objective.gradient({"theta": network.theta.detach() + 0.5})


@pytest.mark.parametrize("chunk_size", [1, 7, 20, 50, 1000])
def test_chunks_give_the_same_numbers(chunk_size: int) -> None:
    whole, params = make(Heat(hard=False), Rows())
    chunked, _ = make(Heat(hard=False), Rows(), chunk_size=chunk_size)
    torch.testing.assert_close(chunked.residual(params), whole.residual(params), rtol=1e-12, atol=1e-14)
    (evaluation, gradient), (expected, expected_gradient) = chunked.gradient(params), whole.gradient(params)
    torch.testing.assert_close(evaluation.terms, expected.terms, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(evaluation.loss, expected.loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-11, atol=1e-13)


def test_chunks_are_compiled_by_shape() -> None:
    whole, params = make(Heat(hard=False), Rows())
    chunked, _ = make(Heat(hard=False), Rows(), Compiled(traced), chunk_size=30)
    torch.testing.assert_close(chunked.gradient(params)[1], whole.gradient(params)[1], rtol=1e-11, atol=1e-13)
    assert chunked.compiled is not None
    assert len(chunked.compiled._graphs) == 4  # 30 and 20 interior points, 20 initial and 20 boundary values
    assert TimeDomain().dim == 2


def test_chunks_bound_what_is_alive_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    gradient = Residuals.gradient

    def watching(self: Residuals, params: Params, data: dict[str, tuple[Tensor, ...]]) -> object:
        seen.extend(len(sample[0]) for sample in data.values())
        return gradient(self, params, data)

    monkeypatch.setattr(Residuals, "gradient", watching)
    objective, params = make(Poisson(), Rows(), chunk_size=8)
    objective.gradient(params)
    assert max(seen) == 8
    assert sum(seen) == 50


def test_a_chunk_has_at_least_one_point() -> None:
    with pytest.raises(ValueError, match="chunk_size >= 1, or null for all"):
        make(Poisson(), Rows(), chunk_size=0)


def test_a_compiled_run_takes_the_path_of_the_eager_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["pinn.training.state"], "Compiled", lambda: Compiled(traced))

    def run(compile: bool) -> tuple[list[float], float]:
        network = MLP(2, width=6, depth=2, generator=torch.Generator().manual_seed(0)).double()
        schedule = Schedule((Adam(steps=6), LBFGS(steps=4)))
        steps = list(train(Poisson(), network, schedule, Sobol(50, every=3), compile=compile))
        return [step.loss for step in steps], steps[-1].compile_s

    losses, seconds = run(compile=True)
    expected, none = run(compile=False)
    assert losses == pytest.approx(expected, rel=1e-8)
    assert seconds > 0
    assert none == 0
