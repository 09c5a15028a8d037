"""What a captured graph may hold: in a compiled loss, gradient or Jacobian no number crosses from or to the host."""

from typing import Any

import pytest
import torch

from pinn.objective import Objective
from pinn.objective.compilation import Compiled
from pinn.operators import Auto, Strategy
from pinn.pdes import PDE, Poisson
from pinn.samplers import Sobol
from tests.conftest import FINAL
from tests.contracts.test_pdes import PDES, network
from tests.cuda.comparing import on, on_cpu
from tests.cuda.simulated import NAME, CrossingError, Simulation

STRATEGIES = [cls() for cls in FINAL if cls.__name__ != "Ones"]  # v = 1 asks the host whether its Jacobian is diagonal


def traced(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> torch.fx.GraphModule:
    """The graph as it would go to the compiler."""
    return graph


def captured(pde: PDE, strategy: Strategy, *what: str) -> None:
    """Trace once, and evaluate the graph again where nothing may cross; the numbers are those of the CPU."""
    module, compiled = network(pde), Compiled(traced)
    samples = Sobol(6, 4).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), next(module.parameters()))
    params: dict[str, Any] = {name: value.detach() for name, value in module.named_parameters()}
    expected = [getattr(Objective(pde, module, samples, strategy), name)(params) for name in what]
    with Simulation() as simulation:
        there, theta = module.to(NAME), on(params, torch.device(NAME))
        objective = Objective(pde, there, on(samples, torch.device(NAME)), strategy, compiled=compiled)
        for name, numbers in zip(what, expected, strict=True):
            getattr(objective, name)(theta)
            assert not compiled.failed
            with simulation.captured():
                found = getattr(objective, name)(theta)
            value, wanted = (found[1], numbers[1]) if isinstance(found, tuple) else (found.loss, numbers.loss)
            torch.testing.assert_close(on(value, torch.device("cpu")), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: type(s).__name__)
def test_every_strategy(strategy: Strategy) -> None:
    captured(Poisson(hard=False), strategy, "evaluate", "gradient", "linearize")


@pytest.mark.parametrize("pde", PDES, ids=lambda pde: type(pde).__name__)
def test_every_problem(pde: PDE) -> None:
    energetic = any(c.energy is not None for c in pde.soft_conditions())
    captured(pde, Auto(), "gradient", *(() if energetic else ("linearize",)))


def test_an_eager_step_does_cross() -> None:
    """The test can fail: uncompiled, the directions of `Jet` are copied to the device at every evaluation."""
    pde = Poisson()
    with Simulation() as simulation:
        module = on_cpu(lambda: network(pde)).to(NAME)
        like = next(module.parameters())
        objective = Objective(pde, module, Sobol(6, 4).sample(pde.soft_conditions(), torch.Generator(), like))
        params = {name: value.detach() for name, value in module.named_parameters()}
        objective.linearize(params)
        with pytest.raises(CrossingError, match="_to_copy"), simulation.captured():
            objective.linearize(params)
