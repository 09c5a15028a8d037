"""Train a network to solve a PDE: `python scripts/train.py pde=poisson`, `--help` for all keys."""

import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException
from hydra.types import RunMode
from jobs import FAILURE, REFUSED, Job, record_failure
from omegaconf import MISSING, DictConfig, OmegaConf
from plot_history import plot_history
from plot_residual import plot_residual
from plot_solution import plot_solution
from process import prepare
from progress import Progress
from sweeps import missing_plugin, share_modules

from pinn.evaluate import score
from pinn.run import MetricsFile, load_run, save_run
from pinn.stopping import Stopping
from pinn.train import Step
from pinn.uncertainty import found_fields, found_unknowns

log = logging.getLogger("pinn")
# A user's own PDE lies in the folder from which the job is started.
sys.path.append(os.getcwd())
CONFIGS = Path(__file__).resolve().parents[1] / "configs"
GROUPS = ("pde", "domain", "vjp", "network", "optimizer", "sampler", "weighting")


@dataclass
class TrainConfig:
    """Types of the plain keys; the groups are checked against the constructors that they name."""

    pde: Any = MISSING
    domain: Any = MISSING
    vjp: Any = MISSING
    network: Any = MISSING
    optimizer: Any = MISSING
    sampler: Any = MISSING
    weighting: Any = MISSING
    device: str = MISSING
    dtype: str = MISSING
    seed: int = MISSING
    steps: int | None = MISSING
    budget_s: float | None = MISSING
    target_error: float | None = MISSING
    target_residual: float | None = MISSING
    patience: int | None = MISSING
    guard: bool = MISSING
    windows: int = MISSING
    threads: int | None = MISSING
    chunk_size: int | None = MISSING
    compile: bool = MISSING
    deterministic: bool = MISSING
    log_every: int = MISSING


ConfigStore.instance().store("train_schema", TrainConfig)
# For a configuration that takes names which only the user knows: `pde.coefficients.nu=0.01` without a plus sign.
OPEN = OmegaConf.create({}, flags={"struct": False})
ConfigStore.instance().store("open_coefficients", OmegaConf.create({"coefficients": OPEN}))


class InputError(CompactHydraException):
    """Something that the user can put right: shown as one line, without traceback."""


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train")
def main(config: DictConfig) -> float:
    """Run one job; returns the final relative L2 error, which a sweeper may minimise."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    (folder / FAILURE).unlink(missing_ok=True)
    try:
        return run(config, folder)
    except Exception as error:
        record_failure(folder, error)
        if not isinstance(error, REFUSED) or "HYDRA_FULL_ERROR" in os.environ:
            raise
        # SystemExit would end a whole sweep; in a single run it avoids Hydra's own second line.
        if HydraConfig.get().mode == RunMode.RUN:
            raise SystemExit(f"Error: {error}") from None
        raise InputError(f"Error: {error}") from None


def run(config: DictConfig, folder: Path) -> float:
    """Build, train, validate, save in the folder, plot."""
    recipes: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    prepare(config.threads, config.deterministic)
    job = Job.of(recipes)
    network, stopping = job.network, job.stopping
    if config.log_every < 1:
        raise ValueError(f"log_every={config.log_every} is not valid: expected an integer >= 1.")

    choices: dict[str, str] = dict(HydraConfig.get().runtime.choices)  # type: ignore[arg-type]
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    device = next(network.parameters()).device
    log.info(f"{type(job.pde).__name__} on {choices['domain']}: {parameters} parameters, {config.dtype} on {device}")
    label = f"{choices['pde']} on {choices['domain']}"
    step, metrics, found = None, MetricsFile(folder), 0
    with Progress(job.steps, config.budget_s, label) as progress:
        for step in job.train():
            logged = step.step % config.log_every == 0 or step.step == 1 or step.stop
            if logged:
                metrics.record(step)
            progress.update(step, step.rel_l2 if logged else None)
            for finding in step.findings[found:]:
                log.info(f"guard: {finding}")
            found = len(step.findings)
    assert step is not None, "training takes at least one step"
    names = {
        group: choices[group] for group in ("pde", "domain", "vjp", "network", "optimizer", "sampler", "weighting")
    }
    facts = {"seed": config.seed, "status": "completed", "time_to": metrics.time_to()}
    facts["overrides"] = list(HydraConfig.get().overrides.task)
    save_run(folder, step, job.config, **names, **facts)
    draw(folder)
    report(folder, step, stopping)
    return step.rel_l2


def draw(folder: Path) -> None:
    """All plots of a run, into its folder."""
    run = load_run(folder)
    plot_solution(run, folder)
    plot_residual(run, folder)
    plot_history(folder, folder)


def report(folder: Path, step: Step, stopping: Stopping) -> None:
    """The last lines that the user sees."""
    figures = f"rel_l2 {score(step.rel_l2, step.reference_error)}, max_error {step.max_error:.3e}"
    if step.compile_s:
        log.info(f"compiled in {step.compile_s:.1f} s, not counted as training")
    reason = stopping.words(step, step.stop)  # pyright: ignore[reportArgumentType]  (cached properties)
    log.info(f"{figures} after {step.step} steps in {step.seconds:.1f} s (stopped by {reason})")
    log.info(f"residual {step.train_residual:.3e} in training, {step.heldout_residual:.3e} on held-out points")
    for name, found in found_unknowns(step.objective, step.params).items():
        spread = f" ± {found.interval()[1] - found.value:.1e} (95 %)" if found.deviation else ""
        log.info(f"{name} = {found.value:.6g}{spread}" + ("" if found.truth is None else f", true {found.truth:.6g}"))
    some = next(iter(step.objective.samples.values()))[0][:200]
    for name, field in found_fields(step.objective, step.params, some).items():
        told = "" if field.truth is None else f", relative L2 error {field.error:.1e}"
        log.info(f"{name}: {float(field.values.min()):.4g} to {float(field.values.max()):.4g}{told}")
    log.info(f"run folder: {folder}")


if __name__ == "__main__":
    if problem := missing_plugin(sys.argv[1:]):
        raise SystemExit(problem)
    share_modules()
    main()
