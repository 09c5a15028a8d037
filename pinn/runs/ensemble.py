"""A run folder of many seeds: the best of them is its run, and the weights of all are beside it."""

import io
import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pinn.runs.atomic_write import atomic_write
from pinn.runs.checksum import fingerprint
from pinn.runs.run import save_run
from pinn.training.ensemble import EnsembleStep

ENSEMBLE = "ensemble.pt"
_FORMAT = 1


def save_ensemble(folder: Path, step: EnsembleStep, config: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
    """Write the best run as a run folder has it, with a table of all seeds in its summary, and the weights of all.

    The best has the smallest error, or the smallest loss if no solution is known. Returns the summary. Raises
    FloatingPointError if all have failed.
    """
    errors, losses = step.rel_l2(), step.losses.tolist()
    table = [
        {"seed": seed, "rel_l2": error, "loss": loss, "failed": bool(failed)}
        for seed, error, loss, failed in zip(step.seeds, errors, losses, step.failed.tolist(), strict=True)
    ]
    judged = losses if step.reference is None else errors
    sound = [k for k, value in enumerate(judged) if math.isfinite(value)]
    if not sound:
        raise FloatingPointError(
            f"Training diverged for all {len(step.seeds)} seeds: take smaller steps (optimizer.lr, more damping)."
        )
    best = min(sound, key=judged.__getitem__)
    _save_weights(folder, step)
    values = [judged[k] for k in sound]
    figures = {
        "of": "loss" if step.reference is None else "rel_l2",
        "median": statistics.median(values),
        "best": min(values),
        "worst": max(values),
        "failed": len(step.seeds) - len(sound),
    }
    facts |= {"seed": step.seeds[best], "seeds": table, "statistics": figures}
    return save_run(folder, step.member(best), config, resumable=False, **facts)


def member_weights(folder: Path, seed: int) -> dict[str, Tensor]:
    """The weights of the network of one seed. Raises ValueError if the run has no such seed or the file is damaged."""
    file = folder / ENSEMBLE
    if not file.is_file():
        raise ValueError(f"{str(folder)!r} is a run of one seed: only one that was trained with seeds=… has several.")
    try:
        data = torch.load(io.BytesIO(file.read_bytes()), map_location="cpu", weights_only=True)
        if data.pop("fingerprint") != fingerprint(data) or data["format"] != _FORMAT:
            raise ValueError("its checksum does not fit")
        seeds, weights = list(data["seeds"]), dict(data["weights"])
    except Exception as error:  # torch.load raises many kinds, all meaning one thing here
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"{str(file)!r} is damaged: {reason}") from error
    if seed not in seeds:
        raise ValueError(f"{str(folder)!r} has no seed {seed}: its seeds are {seeds[0]} to {seeds[-1]}.")
    return {name: value[seeds.index(seed)] for name, value in weights.items()}


def _save_weights(folder: Path, step: EnsembleStep) -> None:
    states = [
        objective.network.state_dict() | step.params_of(k) for k, objective in enumerate(step.objectives)
    ]
    weights = {name: torch.stack([state[name].detach() for state in states]).cpu() for name in states[0]}
    data: dict[str, Any] = {"format": _FORMAT, "seeds": list(step.seeds), "weights": weights}
    data["fingerprint"] = fingerprint(data)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / ENSEMBLE) as temporary:
        torch.save(data, temporary)
