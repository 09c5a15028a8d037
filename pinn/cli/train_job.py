"""One job of `pinn train`: build, train, validate, save in its folder, plot."""

import dataclasses
import logging
import math
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pinn.cli.failures import InputError, one_line
from pinn.cli.following import Training, retry_on_full_disk
from pinn.cli.hydra_words import refuse_environment
from pinn.cli.method import in_yaml, with_method
from pinn.cli.signals import SignalHandler
from pinn.cli.told import report, say_what
from pinn.cli.train_schema import TrainConfig
from pinn.cli.train_seeds import refuse_alone, run_ensemble
from pinn.parallel import joined_ranks, launched_ranks
from pinn.runs.atomic_write import atomic_write
from pinn.runs.checkpoint import new_run_id
from pinn.runs.claim import claimed, folder_of, refuse_used
from pinn.runs.data_files import with_copies
from pinn.runs.job import FAILURE, REFUSED, Job, record_failure, refuse_unknown
from pinn.runs.process import prepare
from pinn.runs.results import DIVERGED, DOUBTED
from pinn.runs.resuming import Resumed, cut_job, ended_job
from pinn.runs.run import load_run
from pinn.runs.saving import save_run
from pinn.runs.tracking import MetricsAlone, Tracked
from pinn.runs.trusted import modules_named
from pinn.runs.warm_start import keep_start, network_of, read_start
from pinn.training.failures import LESS_MEMORY, DivergedError, NotEnoughMemoryError, is_out_of_memory
from pinn.training.step import Step

log = logging.getLogger("pinn")
OWN_KEYS = ("choices", "overrides", "resumed")
"""What a run adds to its configuration."""
GROUPS = ("pde", "domain", "vjp", "network", "optimizer", "sampler", "weighting")


def run_job(config: DictConfig, trust: Sequence[str] = (), *, brief: bool = True) -> float:
    """Run one job; returns the final relative L2 error, which a sweeper may minimise."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    first = launched_ranks().rank == 0
    try:
        with claimed(folder) if first else nullcontext():
            try:
                if first and not config.resume and not config.sweep.resume:
                    refuse_used(folder)
                (folder / FAILURE).unlink(missing_ok=True)
                return run(config, folder, trust)
            except KeyboardInterrupt:
                raise SystemExit(130) from None
            except Exception as error:
                error = in_words(error)
                if first:
                    record_failure(folder, error)
                raise error from error.__cause__
    except REFUSED as error:
        if not brief:
            raise
        # SystemExit would end a whole sweep; in a single run it avoids Hydra's own second line.
        if HydraConfig.get().mode == RunMode.RUN:
            if not isinstance(error, DivergedError):
                raise SystemExit(f"Error: {error}") from None
            print(f"Error: {error}", file=sys.stderr)
            raise SystemExit(DIVERGED) from None
        raise InputError(f"Error: {error}") from None


def run(config: DictConfig, folder: Path, trust: Sequence[str] = ()) -> float:
    """Build, train, validate, save in the folder, plot."""
    refuse_environment(config)
    recipes: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    overrides = [word for word in HydraConfig.get().overrides.task if not word.startswith("sweep.resume")]
    resumed = None
    if recipes.pop("sweep")["resume"]:
        if (error := ended_job(folder, overrides)) is not None:
            return error
        resumed = cut_job(folder, overrides)
    elif config.resume is not None:
        resumed = Resumed.of(config.resume, recipes, overrides)
    if resumed:
        recipes, run_id = resumed.config, resumed.checkpoint.run_id or new_run_id()
    else:
        recipes["choices"] = {group: HydraConfig.get().runtime.choices[group] for group in GROUPS}
        recipes["overrides"], run_id = overrides, new_run_id()
        trust = (*trust, *modules_named(recipes))  # the user has typed them, or the file that names them
    with SignalHandler() as interruption:
        if not resumed:
            recipes = choose_method(with_start(recipes, overrides), overrides, trust, interruption)
        job = build_job(recipes, trust, root=folder_of(resumed.checkpoint.path) if resumed else None)
        ranks = joined_ranks(next(job.network.parameters()).device)
        folder = ranks.told(folder)
        if not resumed and ranks.rank == 0:
            with atomic_write(folder / "config.yaml") as temporary:
                temporary.write_text(in_yaml(config, recipes), encoding="utf-8")
            job = dataclasses.replace(job, config=with_copies(job.config, folder, trust=trust))
            if source := job.config.get("init_from"):
                kept = keep_start(read_start(source), folder)
                job = dataclasses.replace(job, config={**job.config, "init_from": kept})
                log.info(f"the network begins with the weights of {source}")
        say_what(job, recipes, ranks, resumed)
        if recipes.get("seeds", 1) > 1 and not resumed:
            refuse_alone(job.config, job, ranks)
            return many(job, folder, interruption, tuple(trust), recipes)
        tracker = job.tracker if ranks.rank == 0 else MetricsAlone()
        with Tracked(tracker, recipes, folder) as tracked:
            training = Training(job, folder, tracked, interruption, resumed, ranks, run_id)
            step = training.follow(f"{recipes['choices']['pde']} on {recipes['choices']['domain']}")
            if not ranks.rank:
                summary = retry_on_full_disk(lambda: save(training, step, run_id, folder))
                draw(folder, trust)
                tracked.finish(summary)  # with the plots
        if not ranks.rank:
            report(folder, step, training)
            for doubt in training.doubts(step):
                log.warning(f"Do not believe this run: {doubt}.")
    if training.diverged:
        raise training.diverged
    if interruption.signal:
        raise SystemExit(interruption.exit_code)
    if not ranks.rank and training.doubts(step) and HydraConfig.get().mode == RunMode.RUN:
        raise SystemExit(DOUBTED)  # in a sweep the others go on; the summary of the job says why
    return step.rel_l2


def many(
    job: Job, folder: Path, interruption: SignalHandler, trust: tuple[str, ...], recipes: Mapping[str, Any]
) -> float:
    """Train many seeds at once; the median of their errors, NaN if no solution is known."""
    facts = {"overrides": recipes["overrides"], **recipes["choices"]}
    members, summary = run_ensemble(job, folder, interruption, trust, **facts)
    draw(folder, trust)
    log.info(f"run folder: {folder}")
    if interruption.signal:
        raise SystemExit(interruption.exit_code)
    if summary["doubts"] and HydraConfig.get().mode == RunMode.RUN:
        raise SystemExit(DOUBTED)
    return summary["statistics"]["median"] if members.reference else math.nan


def save(training: Training, step: Step, run_id: str, folder: Path) -> dict[str, Any]:
    """The last checkpoint, the solution and the summary, which is returned."""
    config = training.job.config
    facts = {"seed": config["seed"], "status": training.status, "time_to": training.metrics.time_to()}
    facts |= {"doubts": training.doubts(step), "softened": dict(training.job.pde.softened), **config["choices"]}
    facts |= {"reason": training.reason, "overrides": config["overrides"], "resumed": config.get("resumed", [])}
    facts |= {"method": config.get("method")}
    return save_run(folder, step, config, run_id=run_id, resumable=training.diverged is None, **facts)


def with_start(recipes: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The configuration with the network of the run that training begins from, unless the user has named one."""
    named = any(word.lstrip("+~").partition("=")[0].partition(".")[0] == "network" for word in overrides)
    if not recipes.get("init_from") or named:
        return recipes
    return {**recipes, "network": network_of(read_start(recipes["init_from"]))}


def choose_method(
    recipes: dict[str, Any], overrides: Sequence[str], trust: Sequence[str], interruption: SignalHandler
) -> dict[str, Any]:
    """The configuration with network, optimizer and points, found from the problem unless they are named."""
    refuse_unknown(recipes, [*TrainConfig.__dataclass_fields__, *OWN_KEYS])
    prepare(recipes["threads"], recipes["deterministic"])
    recipes = with_method(recipes, overrides, trust, lambda: interruption.signal is not None)
    if interruption.signal:
        raise SystemExit(interruption.exit_code)
    return recipes


def build_job(recipes: dict[str, Any], trust: Collection[str] = (), root: Path | None = None) -> Job:
    """All that a configuration describes, typed or stored in the run folder `root`, in a process prepared for it.

    Raises ValueError.
    """
    refuse_unknown(recipes, [*TrainConfig.__dataclass_fields__, *OWN_KEYS])
    prepare(recipes["threads"], recipes["deterministic"])
    return Job.of(recipes, trust) if root is None else Job.of_run(recipes, trust, root=root)


def draw(folder: Path, trust: Collection[str] = ()) -> None:
    """All plots of a run, into its folder, unless it was told to leave them out."""
    run = load_run(folder, trust)
    if not run.config.get("plots", True):
        return
    # Here, since matplotlib is not needed before.
    from pinn.plotting.band import plot_posterior
    from pinn.plotting.history import plot_history
    from pinn.plotting.residual import plot_residual
    from pinn.plotting.solution import plot_solution

    plot_solution(run, folder)
    plot_residual(run, folder)
    plot_history(folder, folder)
    if any(not band["why"] for band in run.summary.get("bands", {}).values()):
        try:
            plot_posterior(run, folder)
        except (ValueError, FileNotFoundError) as error:  # of many seeds, and where it diverged, no state is kept
            log.info(f"The band is not drawn: {error}")


def in_words(error: Exception) -> Exception:
    """An error with a message for the user: that of resolvers in one line, that of memory with what takes less."""
    if isinstance(error, OmegaConfBaseException):
        return ValueError(one_line(error))
    if is_out_of_memory(error) and not isinstance(error, NotEnoughMemoryError):
        return NotEnoughMemoryError(f"Out of memory. {LESS_MEMORY}")
    return error
