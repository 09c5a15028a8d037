"""Energies: terms of the loss that are integrals to be minimised, not squares (E & Yu 2018, the deep Ritz method)."""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import partial

from torch import Tensor
from torch.func import vmap

from pinn.objective.loss import Sample
from pinn.operators import Strategy
from pinn.pdes import Condition
from pinn.typing import Field


def energies(
    conditions: Iterable[Condition],
    u: Field,
    data: Mapping[str, Sample],
    points: Mapping[str, int],
    strategy: Strategy,
) -> dict[str, Tensor]:
    """∫ e(u) over the region of each condition, by the mean over its points: |region|/N Σ e(u, x_i).

    Conditions without energy or data are left out; `data` may be a part of the `points` of each.
    """
    terms: dict[str, Tensor] = {}
    for condition in conditions:
        if condition.energy is None or condition.name not in data:
            continue
        terms[condition.name] = _at_points(condition, u, data, strategy).sum() / points[condition.name]
    return terms


def energy_densities(
    conditions: Iterable[Condition], u: Field, data: Mapping[str, Sample], strategy: Strategy
) -> dict[str, Tensor]:
    """What each point gives to the energy of a condition, by name: |region| e(u, x_i), whose mean is the energy."""
    return {
        condition.name: _at_points(condition, u, data, strategy)
        for condition in conditions
        if condition.energy is not None and condition.name in data
    }


def refuse_energies(conditions: Sequence[Condition]) -> None:
    """Raise ValueError if a condition is an energy, for methods that need a sum of squares."""
    if any(condition.energy is not None for condition in conditions):
        raise ValueError(
            "An energy is minimised by its gradient: use optimizer=adam_lbfgs, lbfgs, adam, soap or ssbroyden. Methods "
            "of least squares (lm, engd, spring, least_squares) take the residual: pde.ritz=false."
        )


def refuse_weights(conditions: Sequence[Condition], weighted: Container[str]) -> None:
    """Raise ValueError if an energy is among the conditions of these names: weights belong to squares."""
    if any(condition.energy is not None and condition.name in weighted for condition in conditions):
        raise ValueError("An energy takes no further weights: use weighting=fixed, or the residual: pde.ritz=false.")


def _at_points(condition: Condition, u: Field, data: Mapping[str, Sample], strategy: Strategy) -> Tensor:
    density = vmap(partial(_density, condition, u, strategy))(*data[condition.name])
    return condition.weight * condition.measure * density


def _density(condition: Condition, u: Field, strategy: Strategy, *sample: Tensor) -> Tensor:
    assert condition.energy is not None
    return condition.energy(u, *sample, strategy=strategy)
