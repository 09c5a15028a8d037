"""A run folder of many seeds: the best of them is its run, and the weights of all are beside it."""

import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pinn.networks import state_at
from pinn.runs.members import save_members
from pinn.runs.saving import save_run
from pinn.training.ensemble import EnsembleStep


def best(step: EnsembleStep) -> int | None:
    """The number of the seed with the smallest error, or loss if no solution is known; None if all have failed."""
    judged = _judged(step)
    sound = [k for k, value in enumerate(judged) if math.isfinite(value)]
    return min(sound, key=judged.__getitem__) if sound else None


def _judged(step: EnsembleStep) -> list[float]:
    return step.losses.cpu().tolist() if step.reference is None else step.rel_l2()


def save_ensemble(folder: Path, step: EnsembleStep, config: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
    """Write the best run as a run folder has it, with a table of all seeds in its summary, and the weights of all.

    The best has the smallest error, or the smallest loss if no solution is known. Returns the summary. Raises
    FloatingPointError if all have failed.
    """
    errors, losses = step.rel_l2(), step.losses.tolist()
    table = [
        {"seed": seed, "rel_l2": error, "loss": loss, "failed": bool(failed), "overfitted": seed in step.findings}
        for seed, error, loss, failed in zip(step.seeds, errors, losses, step.failed.tolist(), strict=True)
    ]
    judged = _judged(step)
    sound = [k for k, value in enumerate(judged) if math.isfinite(value)]
    chosen = best(step)
    if chosen is None:
        raise FloatingPointError(
            f"Training diverged for all {len(step.seeds)} seeds: take smaller steps (optimizer.lr, more damping)."
        )
    states = [state_at(objective.network, step.params_of(k)) for k, objective in enumerate(step.objectives)]
    save_members(folder, step.seeds, states)
    values = [judged[k] for k in sound]
    figures = {
        "of": "loss" if step.reference is None else "rel_l2",
        "median": statistics.median(values),
        "best": min(values),
        "worst": max(values),
        "failed": len(step.seeds) - len(sound),
    }
    facts |= {"seed": step.seeds[chosen], "seeds": table, "statistics": figures}
    # As a run of the one seed it can be validated and made again.
    alone = {**config, "seed": step.seeds[chosen], "seeds": 1}
    return save_run(folder, step.member(chosen), alone, resumable=False, **facts)
