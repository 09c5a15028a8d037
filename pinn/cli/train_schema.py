"""The plain keys of `pinn train` and their types, for Hydra."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf


@dataclass
class SweepConfig:
    """What a sweep as a whole is told."""

    resume: bool = False


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
    tracker: Any = MISSING
    method: Any = MISSING
    device: str = MISSING
    dtype: str = MISSING
    scale: Any = MISSING
    seed: int = MISSING
    seeds: int = MISSING
    steps: int | None = MISSING
    budget_s: float | None = MISSING
    target_error: float | None = MISSING
    target_residual: float | None = MISSING
    patience: int | None = MISSING
    guard: bool = MISSING
    estimate_error: bool = MISSING
    windows: int = MISSING
    units: Any = MISSING
    threads: int | None = MISSING
    chunk_size: int | None = MISSING
    compile: bool = MISSING
    deterministic: bool = MISSING
    log_every: int = MISSING
    plots: bool = MISSING
    retries: int = MISSING
    checkpoint_s: float | None = MISSING
    keep_checkpoints: int = MISSING
    resume: str | None = MISSING
    init_from: str | None = MISSING
    sweep: SweepConfig = field(default_factory=SweepConfig)


# For a configuration that takes names which only the user knows: `pde.coefficients.nu=0.01` without a plus sign.
OPEN = OmegaConf.create({}, flags={"struct": False})


def register() -> None:
    """Let Hydra find both by the names that configs/train.yaml and configs/pde/ have for them."""
    ConfigStore.instance().store("train_schema", TrainConfig)
    ConfigStore.instance().store("open_coefficients", OmegaConf.create({"coefficients": OPEN}))


register()
