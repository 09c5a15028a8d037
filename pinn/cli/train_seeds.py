"""`pinn train seeds=64`: many networks in one batch, one run folder."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from pinn.cli.signals import SignalHandler
from pinn.parallel import Ranks
from pinn.pdes import TimeWindowed
from pinn.runs.job import Job
from pinn.runs.many_seeds import best, save_ensemble
from pinn.runs.metrics import MetricsFile
from pinn.runs.run import build_network
from pinn.runs.tracking import MetricsAlone
from pinn.training.ensemble import EnsembleStep, train_ensemble
from pinn.training.guard import Guard
from pinn.training.memory import refuse_too_large
from pinn.trust.doubts import doubts
from pinn.trust.scales import scale_network
from pinn.weighting import Fixed

log = logging.getLogger("pinn")
ALONE = {
    **dict.fromkeys(
        ("chunk_size", "compile", "target_error", "target_residual", "patience", "retries", "resume", "init_from")
    ),
    "checkpoint_s": 60.0,
    "keep_checkpoints": 2,
}
"""Keys of a run of one seed, which a batch of them does not know, and what else than false they may be."""


def refuse_alone(config: Mapping[str, Any], job: Job, ranks: Ranks) -> None:
    """Raise ValueError for what only a run of one seed has."""
    given = [f"{key}={config[key]}" for key, usual in ALONE.items() if config.get(key) not in (None, False, 0, usual)]
    given += [] if isinstance(job.weighting, Fixed) else [f"weighting={type(job.weighting).__name__}"]
    given += [] if isinstance(job.tracker, MetricsAlone) else [f"tracker={type(job.tracker).__name__}"]
    given += [] if not isinstance(job.pde, TimeWindowed) else [f"windows={job.pde.windows}"]
    given += [] if ranks.size == 1 else [f"{ranks.size} processes"]
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
    seeds = range(config["seed"], config["seed"] + config["seeds"])
    like = next(job.network.parameters())
    refuse_too_large(job.network, job.sampler.interior + job.sampler.boundary, None, copies=len(seeds))
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    networks = [build_network(config["network"], job.pde, generator, trust).to(like) for generator in generators]
    for network in networks:
        scale_network(network, job.pde)
    metrics, step, shown = MetricsFile(folder), None, 0
    means = {"steps": config["steps"], "budget_s": config["budget_s"], "scale": False}
    guard, told = Guard() if config["guard"] else None, 0
    for step in train_ensemble(
        job.pde, networks, job.optimizer, job.sampler, job.strategy, seeds=tuple(seeds), guard=guard, **means
    ):
        if step.step % config["log_every"] == 0 or step.step == 1 or step.stop:
            losses = step.losses.nan_to_num(float("inf"))
            shown = int(losses.argmin())
            metrics.record(step.member(shown))
            quantiles = float(losses.median()), float(losses.max())
            log.info("step %d, %s: loss %.3e median, %.3e worst", step.step, step.method, *quantiles)
        for seed, event in [*step.findings.items()][told:]:
            log.info(f"guard: seed {seed}, {event}")
        told = len(step.findings)
        if interruption.signal:
            break
    assert step is not None
    status = "interrupted" if interruption.signal else "completed"
    reason = interruption.signal.name if interruption.signal else str(step.stop)
    facts = {"status": status, "reason": reason, "time_to": metrics.time_to(), "resumed": [], **facts}
    facts |= {"doubts": _doubts(step)}
    summary = save_ensemble(folder, step, config, **facts)
    figures = summary["statistics"]
    log.info(
        f"{figures['of']} of {len(seeds)} seeds: {figures['best']:.3e} best (seed {summary['seed']}), "
        f"{figures['median']:.3e} median, {figures['worst']:.3e} worst, {figures['failed']} failed; "
        f"{step.step} steps in {step.seconds:.1f} s"
    )
    if (found := summary.get("error_estimate")) and found["known"]:
        log.info(f"seed {summary['seed']}, linearised equation: relative L2 error {found['relative_l2']:.2e}")
    for doubt in summary["doubts"]:
        log.warning(f"Do not believe this run: {doubt}.")
    return step, summary


def _doubts(step: EnsembleStep) -> list[str]:
    """What speaks against the best field, in words; a training of one seed that stalls says nothing of the others."""
    if (k := best(step)) is None:
        return []
    member = step.member(k)
    losses = {"first_loss": member.loss, "last_loss": member.loss}
    return doubts(member.objective, member.params, stalled=False, heldout=member.heldout, **losses)
