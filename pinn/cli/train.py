"""`pinn train`: train a network to solve a PDE; `--help` for all keys."""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from pinn.cli.folders import check_folders
from pinn.cli.following import Training, retry_on_full_disk
from pinn.cli.hydra_plugins import missing_plugin, share_modules
from pinn.cli.own_modules import find_own_modules
from pinn.cli.train_schema import TrainConfig
from pinn.parallel import joined_ranks
from pinn.plotting.history import plot_history
from pinn.plotting.residual import plot_residual
from pinn.plotting.solution import plot_solution
from pinn.runs.configs import config_folder
from pinn.runs.job import FAILURE, REFUSED, Job, record_failure, refuse_unknown
from pinn.runs.process import prepare
from pinn.runs.resuming import Resumed, arguments
from pinn.runs.run import load_run, save_run
from pinn.runs.tracking import MetricsAlone, Tracked
from pinn.runs.uncertainty import found_fields, found_unknowns
from pinn.training.accuracy import score
from pinn.training.failures import DivergedError
from pinn.training.step import Step

log = logging.getLogger("pinn")
DIVERGED = 3
"""The exit code where training met a number that is not finite."""
OWN_KEYS = ("choices", "overrides", "resumed")
"""What a run adds to its configuration."""
GROUPS = ("pde", "domain", "vjp", "network", "optimizer", "sampler", "weighting")


class InputError(CompactHydraException):
    """Something that the user can put right: shown as one line, without traceback."""


def main(argv: Sequence[str] | None = None) -> None:
    """Let Hydra compose the configuration and start a job, or the jobs of a sweep."""
    words = list(sys.argv[1:] if argv is None else argv)
    if problem := missing_plugin(words):
        raise SystemExit(problem)
    try:
        words = arguments(words)
        check_folders(words)  # Hydra, which makes them, would answer with a traceback
    except ValueError as error:
        raise SystemExit(f"Error: {error}") from None
    find_own_modules()
    share_modules()
    sys.argv = ["pinn train", *words]  # where Hydra looks for them
    hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="train")(run_job)()


def run_job(config: DictConfig) -> float:
    """Run one job; returns the final relative L2 error, which a sweeper may minimise."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    (folder / FAILURE).unlink(missing_ok=True)
    try:
        return run(config, folder)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        record_failure(folder, error)
        if not isinstance(error, REFUSED) or "HYDRA_FULL_ERROR" in os.environ:
            raise
        # SystemExit would end a whole sweep; in a single run it avoids Hydra's own second line.
        if HydraConfig.get().mode == RunMode.RUN:
            if not isinstance(error, DivergedError):
                raise SystemExit(f"Error: {error}") from None
            print(f"Error: {error}", file=sys.stderr)
            raise SystemExit(DIVERGED) from None
        raise InputError(f"Error: {error}") from None


def run(config: DictConfig, folder: Path) -> float:
    """Build, train, validate, save in the folder, plot."""
    recipes: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    overrides = list(HydraConfig.get().overrides.task)
    resumed = Resumed.of(config.resume, recipes, overrides) if config.resume else None
    if resumed:
        recipes = resumed.config
    else:
        recipes["choices"] = {group: HydraConfig.get().runtime.choices[group] for group in GROUPS}
        recipes["overrides"] = overrides
    job = build_job(recipes)
    ranks = joined_ranks(next(job.network.parameters()).device)
    if not resumed and ranks.rank == 0:
        (folder / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    names = recipes["choices"]
    size, device = sum(p.numel() for p in job.network.parameters()), next(job.network.parameters()).device
    start = "" if ranks.single_block else f", {ranks.size} processes"
    start += f", going on after step {resumed.checkpoint.step}" if resumed else ""
    log.info(f"{type(job.pde).__name__} on {names['domain']}: {size} parameters, {recipes['dtype']} on {device}{start}")
    with Tracked(job.tracker if ranks.rank == 0 else MetricsAlone(), recipes, folder) as tracked:
        training = Training(job, folder, tracked, resumed.checkpoint if resumed else None, ranks)
        step = training.follow(f"{names['pde']} on {names['domain']}")
        if ranks.rank:
            return step.rel_l2
        facts = {"seed": recipes["seed"], "status": training.status, "time_to": training.metrics.time_to()}
        facts |= {"reason": training.reason, "overrides": recipes["overrides"], "resumed": recipes.get("resumed", [])}
        resumable = training.diverged is None
        summary = retry_on_full_disk(lambda: save_run(folder, step, job.config, resumable=resumable, **names, **facts))
        draw(folder)
        tracked.finish(summary)
    report(folder, step, training.reason)
    if training.diverged:
        raise training.diverged
    if training.interruption.signal:
        raise SystemExit(training.interruption.exit_code)
    return step.rel_l2


def build_job(recipes: dict[str, Any]) -> Job:
    """All that a configuration describes, in a process that is prepared for it. Raises ValueError."""
    refuse_unknown(recipes, [*TrainConfig.__dataclass_fields__, *OWN_KEYS])
    prepare(recipes["threads"], recipes["deterministic"])
    return Job.of(recipes)


def draw(folder: Path) -> None:
    """All plots of a run, into its folder."""
    run = load_run(folder)
    plot_solution(run, folder)
    plot_residual(run, folder)
    plot_history(folder, folder)


def report(folder: Path, step: Step, reason: str) -> None:
    """The last lines that the user sees."""
    figures = f"rel_l2 {score(step.rel_l2, step.reference_error)}, max_error {step.max_error:.3e}"
    if step.reference is None:
        figures = "error unknown, since no exact solution is (pinn validate tells what to believe)"
    if step.compile_s:
        log.info(f"compiled in {step.compile_s:.1f} s, not counted as training")
    log.info(f"{figures} after {step.step} steps in {step.seconds:.1f} s (stopped by {reason})")
    log.info(f"residual {step.train_residual:.3e} in training, {step.heldout_residual:.3e} on held-out points")
    for name, found in found_unknowns(step.objective.on_one_process(), step.params).items():
        spread = f" ± {found.interval()[1] - found.value:.1e} (95 %)" if found.deviation else ""
        log.info(f"{name} = {found.value:.6g}{spread}" + ("" if found.truth is None else f", true {found.truth:.6g}"))
    some = next(iter(step.objective.samples.values()))[0][:200]
    for name, field in found_fields(step.objective.on_one_process(), step.params, some).items():
        told = "" if field.truth is None else f", relative L2 error {field.error:.1e}"
        log.info(f"{name}: {float(field.values.min()):.4g} to {float(field.values.max()):.4g}{told}")
    log.info(f"run folder: {folder}")
