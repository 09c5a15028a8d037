"""A run folder: what training leaves behind, and how it becomes a field again."""

import dataclasses
import json
import math
import platform
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import Windows, WithUnknowns, field, restore_scales
from pinn.objective import Objective
from pinn.operators import Strategy
from pinn.pdes import PDE, TimeWindowed, unscaled
from pinn.runs.atomic_write import atomic_write
from pinn.runs.checkpoint import CHECKPOINT, UNDERWAY, load_checkpoint, newest_checkpoint, save_checkpoint
from pinn.runs.data_files import with_copies
from pinn.runs.instantiate import build
from pinn.runs.members import member_weights
from pinn.runs.provenance import provenance
from pinn.runs.scales import stored_scale, with_stored_scale, without_scale
from pinn.runs.trusted import modules_named, refuse_interpolations, refuse_links
from pinn.runs.uncertainty import found_fields, found_unknowns
from pinn.training.accuracy import chunks, evaluation_points
from pinn.training.memory import refuse_too_large
from pinn.training.step import Step
from pinn.typing import Field, Points

SUMMARY, SOLUTION = "summary.json", "solution.npz"
_LONGEST_SUMMARY = 64 * 2**20  # bytes; one of a thousand time windows has a megabyte


@dataclass(frozen=True)
class Run:
    """A finished run. Calling it evaluates the trained field at one point x of shape (d,).

    `vmap(run)(X)` gives many values, `laplacian(run, x)` a derivative.
    """

    folder: Path
    pde: PDE
    network: nn.Module
    strategy: Strategy
    config: dict[str, Any]
    summary: dict[str, Any]
    field: Field
    trust: tuple[str, ...] = ()
    """The modules beside pinn that the caller has vouched for; kept in no file."""

    def __call__(self, x: Tensor) -> Tensor:
        return self.field(x)

    @property
    def like(self) -> Tensor:
        """A tensor with the dtype and device of the run."""
        return next(self.network.parameters())

    def residual(self, points: Points) -> Tensor:
        """The residual of the differential equation, in its own units, at points in the domain: shape (N, k)."""
        equation = self.pde.conditions()[0]
        objective = Objective(self.pde, self.network, {equation.name: (points,)}, self.strategy)
        return objective.residuals(dict(self.network.named_parameters()))[equation.name].detach()


def build_network(
    recipe: Mapping[str, Any],
    pde: PDE,
    generator: torch.Generator,
    trust: Collection[str] = (),
    root: Path | None = None,
) -> nn.Module:
    """The network of a recipe, with inputs, outputs and bounds from the PDE and weights from the generator.

    A PDE that is solved in windows of time has one for each of them; one with unknown coefficients has these in it.
    """
    if isinstance(pde, TimeWindowed):
        first = build_network(recipe, pde.window(0), generator, trust, root)
        refuse_too_large(first, 0, None, copies=pde.windows)
        others = (build_network(recipe, pde.window(k), generator, trust, root) for k in range(1, pde.windows))
        return Windows([first, *others], pde.starts)
    bounds = pde.domain.embedded_bounds
    if not bounds[0]:
        raise ValueError(f"{type(pde).__name__} needs a domain with coordinates, got {pde.domain}; try domain=box.")
    outputs = pde.components if pde.components is None else pde.components - len(pde.unknowns)
    arguments = {"inputs": len(bounds[0]), "outputs": outputs, "bounds": bounds, "generator": generator}
    network = build(recipe, "network", trust=trust, root=root, **arguments)
    if not isinstance(network, nn.Module) or not any(True for _ in network.parameters()):
        raise ValueError(
            f"network: {type(network).__name__} is no torch.nn.Module with weights, so none can be trained."
        )
    return WithUnknowns(network, pde.unknowns, len(bounds[0]), generator) if pde.unknowns else network


def load_run(folder: str | Path, trust: Collection[str] = (), *, seed: int | None = None) -> Run:
    """The run in `folder` as a callable field, on the CPU: at its end, or at its last checkpoint if it has none.

    `folder` may also be one of its checkpoints, `RUN/checkpoints/best.pt`. Classes of pinn alone are built; a run with
    a class of your own needs its module in `trust`, each time, since to import a module is to run its code. Files of
    data are read from within the folder; `trust` may name others, with a slash in their names. Raises
    FileNotFoundError if there is no run, ValueError if it is damaged, of another program, or names other modules.
    Of a run of several seeds it is the best, or that of `seed`.
    """
    folder = Path(folder)
    checkpoint = load_checkpoint(folder) if folder.is_file() else newest_checkpoint(folder)
    if folder.is_file():
        folder = folder.parent.parent if folder.parent.name == UNDERWAY else folder.parent
    refuse_links(folder)
    config, weights = checkpoint.config, checkpoint.weights
    if seed is not None:
        weights = member_weights(folder, seed)
    try:
        refuse_interpolations(config)
        pde: PDE = build(without_scale(config["pde"])[0], "pde", trust=trust, root=folder)
        network = build_network(config["network"], pde, torch.Generator(), trust, folder)
        restore_scales(network, weights)
        network.to(next(iter(weights.values())).dtype).load_state_dict(weights)
        strategy = build(config["vjp"], "vjp", trust=trust, root=folder)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{str(checkpoint.path)!r} is whole, but cannot be built: {error}") from error
    summary = read_summary(folder)
    network.requires_grad_(False)
    u = pde.solution(pde.ansatz()(field(network, components=pde.components)))
    return Run(folder, pde, network, strategy, config, summary, u, tuple(trust))


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary of a run; empty if it has none yet. Raises ValueError if the file holds no summary."""
    file = folder / SUMMARY
    if not file.is_file():
        return {}
    try:
        summary = json.loads(file.read_text(encoding="utf-8")) if file.stat().st_size < _LONGEST_SUMMARY else None
    except (ValueError, RecursionError):
        summary = None
    if not isinstance(summary, dict):
        raise ValueError(f"{str(file)!r} is damaged or not the summary of a run of pinn. Remove it to go on without.")
    return summary


def save_run(
    folder: str | Path,
    step: Step,
    config: Mapping[str, Any],
    *,
    run_id: str | None = None,
    resumable: bool = True,
    **facts: Any,
) -> dict[str, Any]:
    """Write checkpoint, solution and summary of a run into `folder`, and return the summary.

    `config` holds the recipes `pde`, `network` and `vjp` that `load_run` builds from; `facts` are added to the summary.
    Files of data that it names are copied into the folder. `run_id` is that of its other checkpoints.
    """
    folder, config = Path(folder), {**config, "pde": with_stored_scale(config["pde"], step.objective.pde)}
    folder.mkdir(parents=True, exist_ok=True)
    config = with_copies(config, folder, trust=modules_named(config))
    save_checkpoint(folder / CHECKPOINT, step, config, run_id=run_id, resumable=resumable)
    facts |= {"run_id": run_id} if run_id else {}
    arrays = _solution(step)
    with atomic_write(folder / SOLUTION) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    summary = {**facts, **_figures(step), **provenance(), "versions": _versions()}
    with atomic_write(folder / SUMMARY) as temporary:
        temporary.write_bytes(json.dumps(_no_nan(summary), indent=2).encode() + b"\n")
    return summary


def _figures(step: Step) -> dict[str, Any]:
    """The numbers of the run, at its last parameters."""
    objective = step.objective.on_one_process().eager()
    evaluation = objective.evaluate(step.params)
    unknowns = found_unknowns(objective, step.params)
    fields = found_fields(objective, step.params, next(iter(step.objective.samples.values()))[0][:200])
    like = next(iter(step.params.values()))
    return {
        "device": str(like.device),
        "dtype": str(like.dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "parameters": sum(value.numel() for value in step.params.values()),
        "points": len(next(iter(step.objective.samples.values()))[0]),
        "steps": step.step,
        "wall_s": step.seconds,
        "compile_s": step.compile_s,
        "loss": float(evaluation.loss),
        "terms": {name: float(term) for name, term in evaluation.terms.items()},
        "rel_l2": step.rel_l2,
        "max_error": step.max_error,
        "reference_error": step.reference_error,
        "train_residual": step.train_residual,
        "heldout_residual": step.heldout_residual,
        "scales": stored_scale(objective.pde),
        "stopped_by": step.stop,
        "unknowns": {name: dataclasses.asdict(found) for name, found in unknowns.items()},
        "unknown_fields": {name: {"rel_l2": field.error, "coverage": field.coverage} for name, field in fields.items()},
        "guard": [dataclasses.asdict(finding) for finding in step.findings],
    }


def _solution(step: Step) -> dict[str, np.ndarray]:
    """Solution, exact solution, error and residual at the evaluation points."""
    pde, like = step.objective.pde, next(iter(step.params.values()))
    points = evaluation_points(pde.domain, like)
    equation = pde.conditions()[0].name
    parts = chunks(points)
    own = dataclasses.replace(step.objective.weighted({}).eager(), pde=unscaled(pde), samples={equation: (parts[0],)})
    residuals = [own.at({equation: (part,)}).residuals(step.params)[equation].detach() for part in parts]
    arrays = {"points": points, "u": torch.cat([vmap(step.field)(part).detach() for part in parts])}
    arrays["residual"] = torch.cat(residuals)
    if pde.exact is not None:
        arrays["exact"] = torch.cat([vmap(pde.solution(pde.exact))(part) for part in parts])
        arrays["error"] = arrays["u"] - arrays["exact"]
    return {name: array.cpu().numpy() for name, array in arrays.items()}


def _versions() -> dict[str, str]:
    return {
        "pinn": metadata.version("pinn-solver"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def _no_nan(value: Any) -> Any:
    """JSON has no NaN; what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {name: _no_nan(item) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
