"""What a method asks before it takes the memory of a Jacobian."""

import pytest
import torch

from pinn.networks import MLP
from pinn.objective import Objective
from pinn.optimizers.memory_check import MemoryCheck
from pinn.pdes import Poisson
from pinn.samplers import Sobol
from pinn.typing import Params


def test_only_another_number_of_points_is_asked_about_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pde, generator = Poisson(hard=False), torch.Generator().manual_seed(0)
    network = MLP(2, width=4, depth=1, generator=generator).double()
    params = dict(network.named_parameters())
    counts = [(50, 20), (50, 20), (60, 20), (60, 30)]
    like = torch.zeros((), dtype=torch.float64)
    draws = [Sobol(*n).sample(pde.soft_conditions(), generator, like) for n in counts]
    objectives = [Objective(pde, network, samples) for samples in draws]
    asked = []
    plain = Objective.residual

    def watched(self: Objective, params: Params) -> torch.Tensor:
        asked.append(objectives.index(self))
        return plain(self, params)

    monkeypatch.setattr(Objective, "residual", watched)
    monkeypatch.setattr(Objective, "__eq__", lambda self, other: self is other)
    check_memory = MemoryCheck("Newton", 1.0)
    for objective in objectives:
        check_memory(objective, params)
    assert asked == [0, 2, 3]
    with pytest.raises(ValueError, match=r"Newton needs .* GB for M=90 residuals and P=17 parameters"):
        MemoryCheck("Newton", 1e-9)(objectives[3], params)
