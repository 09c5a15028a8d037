"""Warm starts: a network that begins with the weights of another run, of another parameter, domain or equation."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pinn.networks import restore_scales
from pinn.networks.layers import Rescaling
from pinn.runs.checkpoint import UNDERWAY, Checkpoint, load_checkpoint, newest_checkpoint, write_checkpoint
from pinn.runs.data_files import DATA_FOLDER
from pinn.runs.trusted import RecipeError, refuse_interpolations, refuse_links

KEPT = "init_from.pt"
"""The copy of the weights in the run folder."""


def read_start(source: str, root: Path | None = None) -> Checkpoint:
    """What `init_from=` names: a run folder, at its end or its last checkpoint, or a checkpoint itself.

    A name that was stored in the run folder `root` is one of a file in there. Nothing in it is executed. Raises
    FileNotFoundError if there is none, ValueError if it is damaged or lies elsewhere.
    """
    path = Path(source) if root is None else Path(root, source)
    if root is not None and not path.resolve().is_relative_to(root.resolve()):
        raise RecipeError(f"init_from names {source!r}, which is not in the run folder {str(root)!r}.")
    if not path.exists():
        raise FileNotFoundError(
            f"init_from={source}: there is no such run folder. Runs are under outputs/ and multirun/."
        )
    folder = path.parent if path.is_file() else path
    refuse_links(folder.parent if folder.name == UNDERWAY else folder)
    found = load_checkpoint(path) if path.is_file() else newest_checkpoint(path)
    refuse_interpolations(found.config)
    return found


def keep_start(checkpoint: Checkpoint, folder: Path) -> str:
    """Copy the weights into the folder of a new run; the name of the copy, relative to it."""
    place = folder / DATA_FOLDER / KEPT
    place.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(place, dataclasses.replace(checkpoint, state=None))
    return f"{DATA_FOLDER}/{KEPT}"


def refuse_another(recipe: Mapping[str, Any], checkpoint: Checkpoint, source: str) -> None:
    """Raise ValueError if the network of a run has another recipe: its weights would fit, and mean something else."""
    there = network_of(checkpoint)
    for key in dict.fromkeys([*recipe, *there]):
        here, value = recipe.get(key), there.get(key)
        if here != value:
            raise ValueError(
                f"init_from={source}: its network is another one than this: {key} is {value} there and {here} here. "
                "Leave network= out, so that it is that of the run."
            )


def start_from(network: nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    """Give a network the parameters of another, and the scales of its outputs.

    Its inputs stay those of its own domain: on another domain it is the same function of coordinates from −1 to 1, on
    the same one the same function. Raises ValueError, by name, if the architectures differ.
    """
    own = dict(network.named_parameters())
    buffers = {name for name, _ in network.named_buffers()}
    inputs = {
        f"{prefix}.{name}" if prefix else name
        for prefix, module in network.named_modules()
        if isinstance(module, Rescaling)
        for name, _ in module.named_buffers()
    }
    given = {name: value for name, value in weights.items() if name in own or name not in buffers}
    given = {
        name: value for name, value in given.items() if name.rpartition(".")[2] not in ("output_size", "output_offset")
    }
    label = f"init_from={source}: its network is another one than this"
    if missing := [name for name in own if name not in weights]:
        raise ValueError(f"{label}: it has no {missing[0]}. Leave network= out, so that it is that of the run.")
    if unknown := [name for name in given if name not in own and name not in inputs]:
        raise ValueError(f"{label}: it has {unknown[0]}, too. Leave network= out, so that it is that of the run.")
    for name, value in own.items():
        if weights[name].shape != value.shape:
            there, here = (f"({', '.join(map(str, one.shape))})" for one in (weights[name], value))
            raise ValueError(
                f"{label}: {name} has the shape {there} there and {here} here. Width, depth, and the numbers of "
                "coordinates and components have to be the same."
            )
    restore_scales(network, weights)
    like = next(iter(own.values()))
    with torch.no_grad():
        for name, value in [*own.items(), *network.named_buffers()]:
            if name in weights and name not in inputs:
                value.copy_(weights[name].to(value))
    network.to(like.device, like.dtype)


def network_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The recipe of the network of a run. Raises ValueError if it stores none."""
    recipe = checkpoint.config.get("network")
    if not isinstance(recipe, dict):
        raise ValueError(f"{str(checkpoint.path)!r} does not say what its network is.")
    return recipe
