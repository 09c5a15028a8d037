"""A run with more digits: its field with corrections by the linearised equation, as a run folder of its own."""

import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pinn.objective import Objective
from pinn.pdes import PDE, TimeWindowed
from pinn.runs.checkpoint import new_run_id
from pinn.runs.data_files import with_copies
from pinn.runs.instantiate import TARGET
from pinn.runs.metrics import MetricsFile
from pinn.runs.run import CORRECTED, Run
from pinn.runs.saving import save_run, stored_estimate
from pinn.runs.scales import with_scales
from pinn.samplers import Uniform
from pinn.training.accuracy import Reference
from pinn.training.step import Step
from pinn.trust import ErrorEstimate, estimate_error
from pinn.trust.correction import MOST_COLUMNS
from pinn.trust.doubts import doubts
from pinn.trust.refinement import STAGES, Refinement, refinements

POINTS = 2000
"""Of the equation, at which the figures of the new run are measured."""
_SEED = 32_452_843
_GROUPS = ("pde", "domain", "vjp", "optimizer", "sampler", "weighting", "seed", "overrides")


@dataclasses.dataclass(frozen=True)
class Refined:
    """What became of a run: its errors before and after, estimated and, where a solution is known, true ones."""

    stages: tuple[Refinement, ...]
    estimates: tuple[ErrorEstimate, ErrorEstimate]
    errors: tuple[float, float]
    doubts: tuple[str, ...]


def refine(
    run: Run,
    folder: Path,
    *,
    stages: int = STAGES,
    columns: int = MOST_COLUMNS,
    say: Callable[[str], None] = lambda _: None,
) -> Refined:
    """Correct the field of a run (`pinn.trust.refinement`) and write it into a new run folder.

    The new run is one of `load_run`, of plots, exports and `pinn validate`; it is not trained, so it can neither be
    resumed nor reproduced, but refined again. `say` is told of each stage. Raises ValueError for a run in windows of
    time and one with unknown coefficients, and if no correction lowers the residual; then nothing is written.
    """
    pde = _problem(run)
    start, first = time.perf_counter(), estimate_error(pde, run.network, run.strategy, columns=columns)
    say(f"before: {first}")
    steps, found = [_step(run, pde, run.network, 0, 0.0)], []
    seed = run.config.get("seed", 0)
    for stage in refinements(pde, run.network, run.strategy, stages=stages, seed=seed, columns=columns):
        found.append(stage)
        steps.append(_step(run, pde, stage.network, len(found), time.perf_counter() - start))
        share = "" if stage.share == 1 else f", {stage.share:g} of the step"
        say(f"correction {len(found)}: residual {stage.before:.2e} → {stage.after:.2e}{share}")
    if not found:
        raise ValueError(
            "No correction lowers the residual at points held out: the functions of the correction do not resolve it. "
            "More columns (--columns), or a longer training, may."
        )
    last = steps[-1]
    told = doubts(last.objective, last.params, stalled=False, first_loss=last.loss, last_loss=last.loss)
    estimates = first, estimate_error(pde, found[-1].network, run.strategy, columns=columns // 2)
    result = Refined(tuple(found), estimates, (steps[0].rel_l2, last.rel_l2), tuple(told))
    _write(run, folder, steps, result)
    return result


def _problem(run: Run) -> PDE:
    """The problem of a run with its scales, if it is one whose field can be corrected."""
    pde = with_scales(run.pde, run.config.get("scale"), torch.float64)
    if isinstance(pde, TimeWindowed):
        raise ValueError("In windows of time each field begins where the last ended: pinn refine is for a whole field.")
    if pde.unknowns:
        names = ", ".join(pde.unknowns)
        raise ValueError(f"{names}: pinn refine corrects a solution, not unknown coefficients. Train on: resume=RUN.")
    return pde


def _step(run: Run, pde: PDE, network: nn.Module, stage: int, seconds: float) -> Step:
    """The field of a stage as a step after those of training, at points of its own."""
    network = network.cpu().double()
    params = {name: value.detach() for name, value in network.named_parameters()}
    like = next(iter(params.values()))
    generator = torch.Generator().manual_seed(run.config.get("seed", 0) + _SEED)
    draw = Uniform(POINTS, POINTS // 4, every=0)
    drawn, heldout = (draw.sample(pde.soft_conditions(), generator, like) for _ in range(2))
    objective, other = (Objective(pde, network, some, run.strategy, chunk_size=2048) for some in (drawn, heldout))
    terms = objective.evaluate(params)
    reference = None
    if pde.exact is not None:
        reference = Reference.of(pde.domain, pde.solution(pde.exact), like, pde.scored)
    return Step(
        int(run.summary.get("steps", 0)) + stage,
        float(run.summary.get("wall_s", 0.0)) + seconds,
        "refine" if stage else "train",
        float(terms.loss),
        {name: float(term) for name, term in terms.terms.items()},
        params,
        objective,
        other,
        reference,
        None,
    )


def _write(run: Run, folder: Path, steps: list[Step], result: Refined) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    recipe: Any = run.config["network"]
    for stage in result.stages:
        features = stage.network.features
        width, corners = int(features.inner.out_features), features.more is not None
        recipe = {TARGET: CORRECTED, "network": recipe, "width": width, "corners": corners}
    config = {**run.config, "network": recipe, "dtype": "float64", "device": "cpu", "seeds": 1}
    config = with_copies(config, folder, run.folder, run.trust)
    metrics = MetricsFile(folder)
    for step in steps:
        metrics.record(step)
    first, last = result.stages[0], result.stages[-1]
    count = "1 correction" if len(result.stages) == 1 else f"{len(result.stages)} corrections"
    facts: dict[str, Any] = {name: run.summary[name] for name in _GROUPS if name in run.summary}
    facts |= {
        "status": "completed",
        "reason": f"{count} by the linearised equation, residual {first.before:.1e} → {last.after:.1e}",
        "doubts": list(result.doubts),
        "softened": dict(run.pde.softened),
        "refined": {
            "run": run.folder.name,
            "stages": [{"before": one.before, "after": one.after, "share": one.share} for one in result.stages],
            "rel_l2": [_number(error) for error in result.errors],
            "error_estimates": [stored_estimate(one) for one in result.estimates],
        },
        "error_estimate": stored_estimate(result.estimates[1]),
    }
    save_run(folder, steps[-1], {**config, "estimate_error": False}, run_id=new_run_id(), resumable=False, **facts)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
