"""Train a network to solve a PDE: `python scripts/train.py pde=poisson`, `--help` for all keys."""

import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hydra
import torch
from allocator import keep_freed_memory
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException
from hydra.types import RunMode
from omegaconf import MISSING, DictConfig, OmegaConf
from plot_history import plot_history
from plot_residual import plot_residual
from plot_solution import plot_solution
from progress import Progress
from run_folder import check_folders
from torch import nn

from pinn.evaluate import score
from pinn.guard import Guard
from pinn.marching import march
from pinn.operators import Strategy
from pinn.optimizers import Optimizer
from pinn.pdes import PDE, Marched
from pinn.recipe import build
from pinn.run import MetricsFile, build_network, load_run, save_run
from pinn.samplers import Sampler
from pinn.stopping import Stopping
from pinn.train import Step, train
from pinn.uncertainty import found_fields, found_unknowns
from pinn.weighting import Weighting

log = logging.getLogger("pinn")
DEFAULT_THREADS = torch.get_num_threads()
# A user's own PDE lies in the folder from which the job is started.
sys.path.append(os.getcwd())
CONFIGS = Path(__file__).resolve().parents[1] / "configs"
KINDS = {"pde": PDE, "vjp": Strategy, "optimizer": Optimizer, "sampler": Sampler, "weighting": Weighting}
GROUPS = (*KINDS, "domain", "network")
MOST_THREADS = 1024  # far above, the process dies while it makes them
DTYPES = {"float32": torch.float32, "float64": torch.float64}


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
    try:
        return run(config)
    except (ValueError, FloatingPointError, OSError, ImportError, NotImplementedError) as error:
        if "HYDRA_FULL_ERROR" in os.environ:
            raise
        # SystemExit would end a whole sweep; in a single run it avoids Hydra's own second line.
        if HydraConfig.get().mode == RunMode.RUN:
            raise SystemExit(f"Error: {error}") from None
        raise InputError(f"Error: {error}") from None


@dataclass(frozen=True)
class Job:
    """What a configuration describes, checked and ready to be trained."""

    config: DictConfig
    recipes: dict[str, Any]
    pde: PDE
    network: nn.Module
    strategy: Strategy
    optimizer: Optimizer
    sampler: Sampler
    weighting: Weighting
    stopping: Stopping

    def training(self) -> Iterator[Step]:
        """All steps of training, not one of them taken yet."""
        config = self.config
        method = march if isinstance(self.pde, Marched) else train
        return method(
            self.pde,  # pyright: ignore[reportArgumentType]
            self.network,  # pyright: ignore[reportArgumentType]
            self.optimizer,
            self.sampler,
            self.strategy,
            weighting=self.weighting,
            stopping=self.stopping,
            guard=Guard() if config.guard else None,
            steps=config.steps,
            budget_s=config.budget_s,
            seed=config.seed,
            chunk_size=config.chunk_size,
            compile=config.compile,
        )


def build_job(config: DictConfig) -> Job:
    """Build all that a configuration names. Raises ValueError, or OSError for a file that is missing."""
    device, dtype = find_device(config.device), find_dtype(config.dtype)
    # Jobs of a sweep share one process, so every job sets what it needs.
    torch.set_num_threads(find_threads(config.threads))
    recipes: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    if unknown := [str(key) for key in config if key not in TrainConfig.__dataclass_fields__]:
        raise ValueError(
            f"{', '.join(unknown)}: no such key. The keys are {', '.join(TrainConfig.__dataclass_fields__)}."
        )
    if not 0 <= config.seed < 2**62:
        raise ValueError(f"seed={config.seed} is not valid: expected an integer from 0 to 2⁶² − 1.")
    for key in ("windows", "log_every"):
        if config[key] < 1:
            raise ValueError(f"{key}={config[key]} is not valid: expected an integer >= 1.")
    if config.windows > 1:
        recipes["pde"] = {"_target_": "pinn.pdes.Marched", "pde": recipes["pde"], "windows": config.windows}
    pde, strategy, optimizer, sampler, weighting = (build_kind(recipes[key], key) for key in KINDS)
    network = build_network(recipes["network"], pde, torch.Generator().manual_seed(config.seed)).to(device, dtype)
    stopping = Stopping(config.target_error, config.target_residual, config.patience)
    return Job(config, recipes, pde, network, strategy, optimizer, sampler, weighting, stopping)


def build_kind(recipe: Any, key: str) -> Any:
    """The object of a group, refused where it is of another kind."""
    found = build(recipe, key)
    if not isinstance(found, KINDS[key]):
        raise ValueError(f"{key}: {type(found).__name__} is no {KINDS[key].__name__}. Choose one of the group: --help.")
    return found


def run(config: DictConfig) -> float:
    """Build, train, validate, save, plot."""
    job = build_job(config)
    folder = Path(HydraConfig.get().runtime.output_dir)
    choices: dict[str, str] = dict(HydraConfig.get().runtime.choices)  # type: ignore[arg-type]
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))
    like = next(job.network.parameters())
    parameters = sum(parameter.numel() for parameter in job.network.parameters())
    log.info(
        f"{type(job.pde).__name__} on {choices['domain']}: {parameters} parameters, {config.dtype} on {like.device}"
    )
    label = f"{choices['pde']} on {choices['domain']}"
    step, metrics, found = None, MetricsFile(folder), 0
    with Progress(config.windows * (config.steps or job.optimizer.steps), config.budget_s, label) as progress:
        for step in job.training():
            logged = step.step % config.log_every == 0 or step.step == 1 or step.stop
            if logged:
                metrics.record(step)
            progress.update(step, step.rel_l2 if logged else None)
            for finding in step.findings[found:]:
                log.info(f"guard: {finding}")
            found = len(step.findings)
    assert step is not None, "training takes at least one step"
    names = {group: choices[group] for group in GROUPS}
    save_run(folder, step, job.recipes, **names, seed=config.seed, status="completed", time_to=metrics.time_to())
    draw(folder)
    report(folder, step, job.stopping)
    return step.rel_l2


def find_device(name: str) -> torch.device:
    """The torch device of that name; an error, never another device, where there is none."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda") or name.startswith("cpu:"):
        raise ValueError(f"device={name} is not known: use auto, cpu, cuda or cuda:1.")
    if device.type == "cuda" and not torch.cuda.is_available():
        lacks = "is built without CUDA" if torch.version.cuda is None else "finds no GPU"
        raise ValueError(
            f"device={name}: torch {torch.__version__} {lacks}. Install a CUDA build of torch, or use device=cpu."
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device={name}, but there are {torch.cuda.device_count()} GPUs: use cuda:0 and so on.")
    return device


def find_dtype(name: str) -> torch.dtype:
    """The floating-point type of that name."""
    if name not in DTYPES:
        raise ValueError(f"dtype={name} is not valid: use {' or '.join(DTYPES)}.")
    return DTYPES[name]


def find_threads(threads: int | None) -> int:
    """The number of CPU threads; by default as many as torch chose at its start."""
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads={threads} is not valid: expected an integer from 1 to {MOST_THREADS}, or null.")
    return threads or DEFAULT_THREADS


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
    keep_freed_memory()
    try:
        check_folders(sys.argv[1:])  # Hydra, which makes them, would answer with a traceback
    except ValueError as error:
        raise SystemExit(f"Error: {error}") from None
    main()
