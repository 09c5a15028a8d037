"""What a run leaves in its folder: checkpoint, solution and summary."""

import dataclasses
import json
import math
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.func import vmap

from pinn.pdes import unscaled
from pinn.runs.atomic_write import atomic_write
from pinn.runs.checkpoint import CHECKPOINT, save_checkpoint
from pinn.runs.data_files import with_copies
from pinn.runs.provenance import provenance
from pinn.runs.run import SOLUTION, SUMMARY
from pinn.runs.scales import stored_scale
from pinn.runs.trusted import modules_named
from pinn.runs.uncertainty import Findings
from pinn.training.accuracy import chunks, evaluation_points
from pinn.training.step import Step
from pinn.trust import ErrorEstimate


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
    Files of data that it names are copied into the folder. With its key `estimate_error` the summary has the estimate.
    `run_id` is that of its other checkpoints.
    """
    folder, config = Path(folder), {**config, "scale": stored_scale(step.objective.pde)}
    folder.mkdir(parents=True, exist_ok=True)
    config = with_copies(config, folder, trust=modules_named(config))
    save_checkpoint(folder / CHECKPOINT, step, config, run_id=run_id, resumable=resumable)
    facts |= {"run_id": run_id} if run_id else {}
    if config.get("estimate_error"):
        facts["error_estimate"] = stored_estimate(step.estimated_error)
    arrays = _solution(step)
    with atomic_write(folder / SOLUTION) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    summary = {**facts, **_figures(step), **provenance(), "versions": _versions()}
    with atomic_write(folder / SUMMARY) as temporary:
        temporary.write_bytes(json.dumps(no_nan(summary), indent=2).encode() + b"\n")
    return summary


def stored_estimate(found: ErrorEstimate) -> dict[str, Any]:
    """An estimate of the error as plain data: null for what is not known, and `why`."""
    by_component = [one if math.isfinite(one) else None for one in found.by_component]
    figures = {"relative_l2": found.relative_l2, "by_component": by_component, "resolved": found.resolved}
    return {**figures, "known": found.known, "why": found.why}


def _figures(step: Step) -> dict[str, Any]:
    """The numbers of the run, at its last parameters."""
    objective = step.objective.on_one_process().eager()
    evaluation = objective.evaluate(step.params)
    found = Findings.of(objective, step.params)
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
        "unknowns": {name: dataclasses.asdict(one) for name, one in found.unknowns.items()},
        "unknown_fields": {name: {"rel_l2": one.error, "coverage": one.coverage} for name, one in found.fields.items()},
        "bands": {name: one.figures() for name, one in found.solution.items()},
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


def no_nan(value: Any) -> Any:
    """JSON has no NaN; what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {name: no_nan(item) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
