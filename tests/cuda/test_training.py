"""Every optimizer, sampler, weighting, estimate and way to train, on the device as on the CPU, and resumed there."""

import copy
import dataclasses
import io
from typing import Any

import pytest
import torch
from torch import nn

from pinn.networks import Unknown
from pinn.operators import Hutchinson, SampledDimensions, Strategy
from pinn.optimizers import Optimizer
from pinn.pdes import Heat, Inverse, Poisson, TimeWindowed
from pinn.runs.run import build_network
from pinn.samplers import Sobol
from pinn.training.failures import on_device
from pinn.training.guard import Guard
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.training.time_marching import train_windows
from pinn.weighting import Weighting
from tests.contracts.test_resuming import OPTIMIZERS, RECIPE, SAMPLERS, USUAL, WEIGHTINGS
from tests.cuda.comparing import CPU, STEPS, on_cpu

COUNTS = {"interior": 24, "boundary": 8, "every": 2}
N = 7
MEANS: dict[str, dict[str, Any]] = {
    **{f"optimizer {name}": {"optimizer": optimizer} for name, optimizer in OPTIMIZERS.items()},
    **{
        f"sampler {name}": {"sampler": dataclasses.replace(sampler, **{**COUNTS, "interior": 20})}
        for name, sampler in SAMPLERS.items()
    },
    **{f"weighting {name}": {"weighting": weighting} for name, weighting in WEIGHTINGS.items()},
    "estimate Hutchinson": {"strategy": Hutchinson()},
    "estimate SampledDimensions": {"strategy": SampledDimensions(count=1)},
    "chunks": {"chunk_size": 9},
    "guard": {"guard": Guard(every=2, ratio=1.01)},
    "retries": {"retries": 1},
}


def trained(pde: Any, device: torch.device, method: Any = train, state: Any = None, **means: Any) -> list[Step]:
    """The steps of a short training; the network and its points are those of the seed on every device."""
    network: nn.Module = build_network(RECIPE, pde, torch.Generator().manual_seed(0)).double()
    network = copy.deepcopy(network).to(device)
    chosen: dict[str, Any] = {"optimizer": USUAL, "sampler": Sobol(**COUNTS), "steps": N} | means
    return list(method(pde, network, state=state, **chosen))


def through_a_file(state: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """The state as it comes back from a checkpoint: on the CPU."""
    if device.type != "cuda":
        return on_device(state, CPU)
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, map_location="cpu", weights_only=True)


def agrees_and_resumes(pde: Any, device: torch.device, method: Any = train, cut: int = 4, **means: Any) -> None:
    expected = on_cpu(lambda: trained(pde, CPU, method, **means))
    found = trained(pde, device, method, **means)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.loss == pytest.approx(theirs.loss, rel=STEPS), ours.step
        assert (ours.method, ours.stop) == (theirs.method, theirs.stop)
    assert all(value.device.type == device.type for value in found[-1].params.values())
    assert found[-1].rel_l2 == pytest.approx(expected[-1].rel_l2, rel=1e-4)
    assert found[-1].heldout_residual == pytest.approx(expected[-1].heldout_residual, rel=1e-4)
    if len(found) < 3:  # a method that is at its end at once has nothing to resume
        return
    cut = min(cut, len(found) - 1)
    network: nn.Module = build_network(RECIPE, pde, torch.Generator().manual_seed(0)).double().to(device)
    chosen: dict[str, Any] = {"optimizer": USUAL, "sampler": Sobol(**COUNTS), "steps": N} | means
    state = next(
        through_a_file(step.state_dict(), device) for step in method(pde, network, **chosen) if step.step == cut
    )
    resumed = trained(pde, device, method, state, **means)
    assert [step.loss for step in resumed] == [step.loss for step in found[cut:]]  # bit for bit on the same device


@pytest.mark.parametrize("name", MEANS)
def test_means(name: str, device: torch.device) -> None:
    agrees_and_resumes(Poisson(hard=False), device, **MEANS[name])


def test_unknowns(device: torch.device) -> None:
    agrees_and_resumes(Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)}, sensors=10), device)


def test_windows(device: torch.device) -> None:
    agrees_and_resumes(TimeWindowed(Heat(hard=False), 2), device, train_windows, steps=4, cut=3)


def test_kinds_are_complete() -> None:
    """The lists come from what the modules export."""
    kinds = [OPTIMIZERS.values(), WEIGHTINGS.values()]
    assert all(isinstance(value, (Optimizer, Weighting, Strategy)) for values in kinds for value in values)
    assert len(MEANS) >= 25
