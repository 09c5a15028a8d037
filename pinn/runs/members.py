"""The weights of all networks of a run of several seeds, in one file."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pinn.runs.atomic_write import atomic_write
from pinn.runs.checksum import fingerprint

ENSEMBLE = "ensemble.pt"
_FORMAT = 1


def save_members(folder: Path, seeds: Sequence[int], states: Sequence[Mapping[str, Tensor]]) -> None:
    """Write the weights of all seeds, stacked."""
    weights = {name: torch.stack([state[name].detach() for state in states]).cpu() for name in states[0]}
    data: dict[str, Any] = {"format": _FORMAT, "seeds": list(seeds), "weights": weights}
    data["fingerprint"] = fingerprint(data)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / ENSEMBLE) as temporary:
        torch.save(data, temporary)


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
