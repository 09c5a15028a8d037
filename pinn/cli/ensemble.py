"""`pinn train seeds=64`: many networks in one batch, one run folder."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from pinn.cli.signals import SignalHandler
from pinn.runs.ensemble import save_ensemble
from pinn.runs.job import Job
from pinn.runs.metrics import MetricsFile
from pinn.runs.run import build_network
from pinn.training.ensemble import EnsembleStep, train_ensemble
from pinn.training.memory import refuse_too_large
from pinn.trust.scales import scale_network
from pinn.weighting import Fixed

log = logging.getLogger("pinn")
ALONE = ("chunk_size", "compile", "target_error", "target_residual", "patience", "retries", "resume")
"""Keys of a run of one seed, which a batch of them does not know."""


def refuse_alone(config: Mapping[str, Any], job: Job) -> None:
    """Raise ValueError for what only a run of one seed has."""
    given = [f"{key}={config[key]}" for key in ALONE if config.get(key)]
    given += [] if isinstance(job.weighting, Fixed) else [f"weighting={type(job.weighting).__name__}"]
    if given:
        raise ValueError(
            f"seeds={config['seeds']} does not go with {', '.join(given)}: leave them out, or use seeds=1."
        )


def run_ensemble(
    job: Job, folder: Path, interruption: SignalHandler, trust: tuple[str, ...] = (), **facts: Any
) -> tuple[EnsembleStep, dict[str, Any]]:
    """Train the seeds `seed`, `seed` + 1, … at once and save them; the last step and the summary.

    The rows of metrics.csv are those of the seed whose loss is the smallest then.
    """
    config = job.config
    refuse_alone(config, job)
    seeds = range(config["seed"], config["seed"] + config["seeds"])
    like = next(job.network.parameters())
    refuse_too_large(job.network, job.sampler.interior + job.sampler.boundary, None, copies=len(seeds))
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    networks = [build_network(config["network"], job.pde, generator, trust).to(like) for generator in generators]
    for network in networks:
        scale_network(network, job.pde)
    metrics, step, shown = MetricsFile(folder), None, 0
    means = {"steps": config["steps"], "budget_s": config["budget_s"], "scale": False}
    for step in train_ensemble(
        job.pde, networks, job.optimizer, job.sampler, job.strategy, seeds=tuple(seeds), **means
    ):
        if step.step % config["log_every"] == 0 or step.step == 1 or step.stop:
            losses = step.losses.nan_to_num(float("inf"))
            shown = int(losses.argmin())
            metrics.record(step.member(shown))
            quantiles = float(losses.median()), float(losses.max())
            log.info("step %d, %s: loss %.3e median, %.3e worst", step.step, step.method, *quantiles)
        if interruption.signal:
            break
    assert step is not None
    status = "interrupted" if interruption.signal else "completed"
    reason = f"signal {interruption.signal}" if interruption.signal else str(step.stop)
    facts = {"status": status, "reason": reason, "time_to": metrics.time_to(), "resumed": [], **facts}
    summary = save_ensemble(folder, step, config, **facts)
    figures = summary["statistics"]
    log.info(
        f"{figures['of']} of {len(seeds)} seeds: {figures['best']:.3e} best (seed {summary['seed']}), "
        f"{figures['median']:.3e} median, {figures['worst']:.3e} worst, {figures['failed']} failed; "
        f"{step.step} steps in {step.seconds:.1f} s"
    )
    return step, summary
