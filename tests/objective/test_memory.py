"""The memory of derivatives, measured at a few points, is what they take at all of them."""

import pytest
import torch

from pinn.networks import MLP
from pinn.objective import Objective, memory
from pinn.objective.free_memory import NotEnoughMemoryError
from pinn.objective.memory import AllocationWatch, derivative_bytes, refuse_derivative, residual_bytes, size_of
from pinn.operators import ForwardOverReverse, Jet, Rows, Strategy
from pinn.pdes import PDE, Burgers, Poisson
from pinn.samplers import Sobol

F64 = torch.float64


def objective(pde: PDE, strategy: Strategy, chunk_size: int | None = None) -> tuple[Objective, dict[str, torch.Tensor]]:
    network = MLP(2, width=60, depth=3, bounds=pde.domain.embedded_bounds).double()
    generator = torch.Generator().manual_seed(0)
    samples = Sobol(600, 150).sample(pde.soft_conditions(), generator, torch.zeros((), dtype=F64))
    return Objective(pde, network, samples, strategy, chunk_size), dict(network.named_parameters())


def test_memory_is_counted_until_it_is_freed() -> None:
    given = torch.ones(100, dtype=F64)
    with AllocationWatch() as watch:
        a = torch.zeros(1000, dtype=F64)
        view = a[10:]
        given.mul_(2)  # was there before
        assert watch.live == 8000
        b = a + 1
        assert watch.live == 16000
        del a, view
        assert watch.live == 8000
        del b
    assert (watch.live, max(watch.course)) == (0, 16000)
    with pytest.raises(NotEnoughMemoryError, match=r"8e-06 GB"), AllocationWatch(7999):
        torch.zeros(1000, dtype=F64)


@pytest.mark.parametrize("strategy", [Jet(), Rows(), ForwardOverReverse()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("pde", [Poisson(), Burgers(hard=False)], ids=lambda pde: type(pde).__name__)
@pytest.mark.parametrize("jacobian", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 40])
@pytest.mark.slow
def test_a_few_points_tell_of_all(pde: PDE, strategy: Strategy, jacobian: bool, chunk_size: int | None) -> None:
    whole, params = objective(pde, strategy, chunk_size)
    found, M = derivative_bytes(whole, params, jacobian=jacobian)
    with AllocationWatch() as watch:
        r = whole.linearize(params)[0] if jacobian else whole.gradient(params)[1]
    true = max(watch.course)
    if isinstance(r, torch.Tensor):
        assert len(r) == M
        J = M * size_of(params) * 8
        pieces = len(whole.conditions) > 1 or chunk_size is not None
        found = max(found + J, 2 * J if pieces else 0)  # while its rows gather, or when they are joined
    assert 0.9 * true < found < 1.4 * true


def test_the_residual_alone_takes_less() -> None:
    whole, params = objective(Poisson(), Jet())
    with torch.no_grad(), AllocationWatch() as watch:
        whole.residuals(params)
    assert residual_bytes(whole, params, 600) == pytest.approx(max(watch.course), rel=0.1)
    assert residual_bytes(whole, params, 600) < derivative_bytes(whole, params, jacobian=False)[0]


def test_a_jacobian_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, params = objective(Poisson(), Jet())
    monkeypatch.setattr(memory, "available_bytes", lambda device: 200 * 10**6)
    refuse_derivative(whole, params)
    monkeypatch.setattr(memory, "available_bytes", lambda device: 50 * 10**6)
    with pytest.raises(NotEnoughMemoryError, match=r"at 600 points need about .* GB, and 0\.05 GB are free"):
        refuse_derivative(whole, params)
    monkeypatch.setattr(memory, "available_bytes", lambda device: 10**4)
    with pytest.raises(NotEnoughMemoryError, match="need more than"):
        refuse_derivative(whole, params)
