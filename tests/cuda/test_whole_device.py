"""What only a whole device shows: capture, waiting, determinism, exhausted memory, neighbours, TF32.

Each body runs on the CPU too, if it means something there: the tests themselves are proven where there is no GPU.
"""

import copy
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pinn.networks import MLP
from pinn.objective import Objective
from pinn.objective.compilation import Compiled
from pinn.operators import Jet
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.pdes import Poisson
from pinn.samplers import Sobol
from pinn.training.failures import NotEnoughMemoryError
from pinn.training.loop import train
from tests.cuda.conftest import NEEDS_CUDA

ON_CUDA = [pytest.param("cuda", marks=NEEDS_CUDA)]
EVERYWHERE = pytest.mark.parametrize("where", ["cpu", *ON_CUDA])
SLOW_ON_CPU = pytest.mark.parametrize("where", [pytest.param("cpu", marks=pytest.mark.nightly), *ON_CUDA])
PROGRAM = """
import sys, torch
from pinn import train
from pinn.networks import MLP
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import Poisson
from pinn.samplers import Sobol
torch.set_num_threads(1)
network = MLP(2, width=8, generator=torch.Generator().manual_seed(0)).double().to(sys.argv[1])
*_, step = train(Poisson(), network, LevenbergMarquardt(steps=5), Sobol(50, 10))
print(repr(step.loss))
"""


def problem(where: str, dtype: torch.dtype, compiled: Compiled | None = None) -> tuple[Objective, dict[str, Tensor]]:
    pde, generator = Poisson(hard=False), torch.Generator().manual_seed(0)
    network: nn.Module = MLP(2, width=16, depth=2, bounds=pde.domain.bounds, generator=generator).to(where, dtype)
    samples = Sobol(64, 16).sample(pde.soft_conditions(), generator, next(network.parameters()))
    params = {name: value.detach() for name, value in network.named_parameters()}
    return Objective(pde, network, samples, Jet(), compiled=compiled), params


def losses(where: str, **means: Any) -> list[float]:
    network: nn.Module = MLP(2, width=8, depth=2, generator=torch.Generator().manual_seed(0)).double().to(where)
    method = Schedule((Adam(steps=3), LevenbergMarquardt()))
    return [step.loss for step in train(Poisson(hard=False), network, method, Sobol(50, 10), steps=8, **means)]


@pytest.fixture
def _flags() -> Iterator[None]:
    """Global switches of torch as they were."""
    deterministic, tf32 = torch.are_deterministic_algorithms_enabled(), torch.backends.cuda.matmul.allow_tf32
    yield
    torch.use_deterministic_algorithms(deterministic)
    torch.backends.cuda.matmul.allow_tf32 = tf32


@SLOW_ON_CPU
def test_a_compiled_step_is_captured_and_waits_for_nothing(where: str) -> None:
    """On CUDA the graph is replayed under torch's own watch over synchronization."""
    compiled = Compiled()
    (objective, params), (eager, _) = problem(where, torch.float64, compiled), problem(where, torch.float64)
    expected = eager.gradient(params)[1]
    for _ in range(3):  # traced, recorded, replayed
        objective.gradient(params)
    assert not compiled.failed
    if where == "cuda":
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("error")
    try:
        _, gradient = objective.gradient(params)
    finally:
        if where == "cuda":
            torch.cuda.set_sync_debug_mode("default")
    torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-10)


@SLOW_ON_CPU
def test_compiled_training_is_eager_training(where: str) -> None:
    assert losses(where, compile=True) == pytest.approx(losses(where), rel=1e-8)


@EVERYWHERE
@pytest.mark.usefixtures("_flags")
def test_deterministic_training_repeats_itself(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    assert losses(where) == losses(where)


@pytest.mark.parametrize("where", ON_CUDA)
def test_exhausted_memory_is_told_and_left_behind(where: str) -> None:
    """The error says what to lower, and a smaller training then has room."""
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(min(1.0, 1e9 / total))
    try:
        network = MLP(2, width=128, depth=4, generator=torch.Generator().manual_seed(0)).double().to(where)
        with pytest.raises(NotEnoughMemoryError, match="chunk_size"):
            list(train(Poisson(), network, Adam(), Sobol(400_000, 100), steps=2))
        assert len(list(train(Poisson(), network, Adam(), Sobol(400_000, 100), steps=2, chunk_size=10_000))) == 2
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()


@EVERYWHERE
def test_two_processes_on_one_device_do_not_disturb_each_other(where: str) -> None:
    commands = [[sys.executable, "-c", PROGRAM, where] for _ in range(2)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    told = [process.communicate(timeout=300)[0].strip() for process in running]
    assert all(process.returncode == 0 for process in running)
    assert float(told[0]) == float(told[1]) > 0


@EVERYWHERE
@pytest.mark.parametrize("tf32", [False, True])
@pytest.mark.usefixtures("_flags")
def test_float32_with_and_without_tf32(where: str, tf32: bool) -> None:
    """Without TF32 the device has the CPU's float32; its 10 bits of mantissa leave 1e-3 of each product."""
    objective, params = problem("cpu", torch.float64)
    expected = objective.gradient(params)[1]
    torch.backends.cuda.matmul.allow_tf32 = tf32
    there, theta = problem(where, torch.float32)
    theta = {name: value.to(where, torch.float32) for name, value in copy.deepcopy(params).items()}
    for name, value in there.gradient(theta)[1].items():
        scale = float(expected[name].abs().max())
        tolerance = 3e-2 if tf32 else 2e-4
        torch.testing.assert_close(value.cpu().double(), expected[name], rtol=0, atol=tolerance * max(scale, 1e-3))
