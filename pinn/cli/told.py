"""What `pinn train` tells of a run: the first lines and the last."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pinn.cli.following import Training
from pinn.networks import trained_parameters
from pinn.parallel import Ranks
from pinn.pdes import Evolving, TimeWindowed, unscaled
from pinn.runs.job import Job
from pinn.runs.resuming import Resumed
from pinn.runs.scales import in_words
from pinn.runs.uncertainty import Findings, band_in_words
from pinn.training.accuracy import score
from pinn.training.step import Step

log = logging.getLogger("pinn")


def say_what(job: Job, recipes: Mapping[str, Any], ranks: Ranks, resumed: Resumed | None) -> None:
    """The first line that the user sees."""
    trained = trained_parameters(job.network).values()
    size, device = sum(p.numel() for p in trained), next(job.network.parameters()).device
    start = "" if ranks.single_block else f", {ranks.size} processes"
    if resumed:
        start += f", {'writing the results' if resumed.ended else 'going on'} after step {resumed.checkpoint.step}"
    own = unscaled(job.pde)
    own = own.pde if isinstance(own, (Evolving, TimeWindowed)) else own
    problem = f"{type(own).__name__} on {recipes['choices']['domain']}"
    log.info(f"{problem}: {size} parameters, {recipes['dtype']} on {device}{start}")
    if scales := in_words(job.pde):
        log.info(scales)


def report(folder: Path, step: Step, training: Training) -> None:
    """The last lines that the user sees."""
    figures = f"rel_l2 {score(step.rel_l2, step.reference_error)}, max_error {step.max_error:.3e}"
    if step.reference is not None and step.reference.zero:
        figures = f"max_error {step.max_error:.3e}, an absolute one, since the exact solution is 0,"
    if step.reference is None:
        figures = "error unknown, since no exact solution is (pinn validate tells what to believe)"
    if step.compile_s:
        log.info(f"compiled in {step.compile_s:.1f} s, not counted as training")
    log.info(f"{figures} after {step.step} steps in {step.seconds:.1f} s (stopped by {training.reason})")
    log.info(f"residual {step.train_residual:.3e} in training, {step.heldout_residual:.3e} on held-out points")
    if training.job.config.get("estimate_error"):
        log.info(str(step.estimated_error))
    results = Findings.of(step.objective.on_one_process(), step.params)
    for name, found in results.unknowns.items():
        spread = f" ± {found.interval()[1] - found.value:.1e} (95 %)" if found.deviation else ""
        spread = f" (no interval: {found.why})" if found.why else spread
        log.info(f"{name} = {found.value:.6g}{spread}" + ("" if found.truth is None else f", true {found.truth:.6g}"))
    for name, field in results.fields.items():
        told = "" if field.truth is None else f", relative L2 error {field.error:.1e}"
        log.info(f"{name}: {float(field.values.min()):.4g} to {float(field.values.max()):.4g}{told}")
    for name, field in results.solution.items():
        log.info(band_in_words(name, field.figures()))
    log.info(f"run folder: {folder}")
