"""A job: what a configuration describes, built and ready to train. Hydra composes it, other scripts repeat it."""

import contextlib
import os
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pinn.operators import Strategy
from pinn.optimizers import Optimizer
from pinn.parallel import Ranks
from pinn.pdes import PDE, TimeWindowed
from pinn.runs.atomic_write import atomic_write
from pinn.runs.instantiate import TARGET, build
from pinn.runs.run import Run, build_network
from pinn.runs.scales import stored_scale, with_scales
from pinn.runs.tracking import Tracker
from pinn.runs.units import checked_units
from pinn.runs.warm_start import read_start, refuse_another, start_from
from pinn.samplers import Sampler
from pinn.training.accuracy import points_at_once, refuse_unresolved
from pinn.training.failures import is_out_of_memory
from pinn.training.guard import Guard
from pinn.training.loop import Step, train
from pinn.training.memory import refuse_too_large
from pinn.training.stopping import Stopping
from pinn.training.time_marching import train_windows
from pinn.trust.scales import scale_network
from pinn.weighting import Weighting

KINDS = {
    "pde": PDE,
    "vjp": Strategy,
    "optimizer": Optimizer,
    "sampler": Sampler,
    "weighting": Weighting,
    "tracker": Tracker,
}
"""What a group has to give."""
DTYPES = {"float32": torch.float32, "float64": torch.float64}
FAILURE = "failure.txt"
"""The file in a run folder that says why the job has failed."""
REFUSED = (ValueError, FloatingPointError, OSError, MemoryError, ImportError, NotImplementedError)
"""Errors that say what the user can put right."""
_NEEDED = ("optimizer", "sampler", "weighting", "seed", "steps", "guard", "windows")
_ONE = Ranks()
NO_TRACKER = {TARGET: "pinn.runs.tracking.MetricsAlone"}
_WINDOWED = "pinn.pdes.TimeWindowed"
_EVOLVING, _SLABS = "pinn.pdes.Evolving", "pinn.optimizers.Slabs"


@dataclass(frozen=True)
class Job:
    """A problem with its network, and the means and bounds of its training. `config` is all that it was built from."""

    config: Mapping[str, Any]
    pde: PDE
    network: nn.Module
    strategy: Strategy
    optimizer: Optimizer
    sampler: Sampler
    weighting: Weighting
    stopping: Stopping
    tracker: Tracker

    @classmethod
    def of(cls, config: Mapping[str, Any], trust: Collection[str] = (), root: Path | None = None) -> "Job":
        """Build everything, from classes of pinn and of the modules in `trust`.

        `root` is the run folder that the configuration was stored in, None if it was typed.

        Raises ValueError, which names the key and what is accepted.
        """
        device, dtype = find_device(config["device"]), find_dtype(config["dtype"])
        windows = config["windows"]
        for key in ("windows", "log_every"):
            if config[key] < 1:
                raise ValueError(f"{key}={config[key]} is not valid: expected an integer >= 1.")
        if config.get("seeds", 1) < 1:
            raise ValueError(f"seeds={config['seeds']} is not valid: expected an integer >= 1.")
        if not 0 <= config["seed"] < 2**62:
            raise ValueError(f"seed={config['seed']} is not valid: expected an integer from 0 to 2⁶² − 1.")
        if windows > 1 and config["pde"].get(TARGET) not in (_WINDOWED, "pinn.pdes.Marched"):
            config = {**config, "pde": {TARGET: _WINDOWED, "pde": config["pde"], "windows": windows}}
        if config["optimizer"].get(TARGET) == _SLABS and config["pde"].get(TARGET) != _EVOLVING:
            if windows > 1:
                raise ValueError("optimizer=slabs goes through time in slabs of its own: windows=1.")
            config = {**config, "pde": {TARGET: _EVOLVING, "pde": config["pde"]}}
        config = {"tracker": NO_TRACKER, **config}
        pde, strategy, optimizer, sampler, weighting, tracker = (_build(config[key], key, trust, root) for key in KINDS)
        network = build_network(config["network"], pde, torch.Generator().manual_seed(config["seed"]), trust, root)
        refuse_unresolved(pde.domain, dtype)
        pde = with_scales(pde, config.get("scale"), dtype)
        config["scale"], config["units"] = stored_scale(pde), checked_units(config.get("units"), pde)
        network = network.to(device, dtype)
        points = sampler.interior + sampler.boundary
        refuse_too_large(network, points, config["chunk_size"], evaluated=points_at_once(pde.domain))
        scale_network(network, pde)
        if source := config.get("init_from"):
            start = read_start(source, root)
            refuse_another(config["network"], start, source)
            start_from(network, start.weights, source)
        stopping = Stopping(config["target_error"], config["target_residual"], config["patience"])
        return cls(config, pde, network, strategy, optimizer, sampler, weighting, stopping, tracker)

    @classmethod
    def of_run(cls, config: Mapping[str, Any], trust: Collection[str] = (), *, root: Path) -> "Job":
        """The same from what the run folder `root` holds, which may be anything. ValueError if that is no job."""
        try:
            return cls.of(config, trust, root)
        except (KeyError, TypeError, AttributeError, OverflowError, RuntimeError) as error:
            if isinstance(error, NotImplementedError) or is_out_of_memory(error):
                raise
            reason = next(iter(str(error).splitlines()), "")
            raise ValueError(
                f"The configuration of the run is not one of pinn ({type(error).__name__}: {reason})."
            ) from error

    @property
    def steps(self) -> int:
        """The most steps that training may take."""
        return self.config["windows"] * (self.config["steps"] or self.optimizer.steps)

    def train(
        self, state: Mapping[str, Any] | None = None, ranks: Ranks = _ONE, *, ended: bool = False
    ) -> Generator[Step, None, None]:
        """The steps of training, or those that follow a state of it; on several ranks, which share the points.

        Of a state that has `ended`, the last step once more.
        """
        config = self.config
        method: Callable[..., Generator[Step, None, None]] = (
            train_windows if isinstance(self.pde, TimeWindowed) else train
        )
        return method(
            self.pde,
            self.network,
            self.optimizer,
            self.sampler,
            self.strategy,
            weighting=self.weighting,
            stopping=self.stopping,
            guard=Guard() if config["guard"] else None,
            steps=config["steps"],
            budget_s=config["budget_s"],
            seed=config["seed"],
            chunk_size=config["chunk_size"],
            compile=config["compile"],
            retries=config.get("retries", 0),
            ranks=ranks,
            state=state,
            ended=ended,
            scale=False,
        )


def stored_config(run: Run, **changes: Any) -> dict[str, Any]:
    """The configuration of a run with the device and threads that it had, without its tracker, and other `changes`.

    Raises ValueError for a run of the library, which stores only what its field needs.
    """
    if missing := [key for key in _NEEDED if key not in run.config]:
        raise ValueError(
            f"{str(run.folder)!r} stores no {', '.join(missing)}: only a run of `pinn train` can be trained again."
        )
    known = {key: run.summary[key] for key in ("device", "threads") if key in run.summary}
    kept = {"tracker": NO_TRACKER, "deterministic": run.config.get("deterministic", False)}
    return {**run.config, **known, **kept, **changes}


def find_device(name: str) -> torch.device:
    """The torch device of that name; an error, never another device, where there is none."""
    local = int(os.environ.get("LOCAL_RANK", 0))  # torchrun gives each of its processes a GPU
    if name in ("auto", "cuda") and torch.cuda.is_available():
        return torch.device("cuda", local) if local < torch.cuda.device_count() else torch.device("cuda")
    if name == "auto":
        return torch.device("cpu")
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


def refuse_unknown(config: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise ValueError for a key that nobody reads, such as one that was added with a plus sign."""
    if unknown := [str(key) for key in config if key not in known]:
        raise ValueError(f"{', '.join(unknown)}: no such key. The keys are {', '.join(known)}.")


def _build(recipe: Any, key: str, trust: Collection[str], root: Path | None) -> Any:
    """The object of a group, refused if it is of another kind."""
    thing = build(recipe, key, trust=trust, root=root)
    if not isinstance(thing, KINDS[key]):
        raise ValueError(f"{key}: {type(thing).__name__} is no {KINDS[key].__name__}. Choose one of the group: --help.")
    return thing


def record_failure(folder: Path, error: Exception) -> None:
    """Leave the reason in the run folder, for those who look at a whole sweep."""
    text = str(error) if isinstance(error, REFUSED) else f"{type(error).__name__}: {error}"
    # A full disk may be why it has failed.
    with contextlib.suppress(OSError), atomic_write(folder / FAILURE) as temporary:
        temporary.write_text(text.strip() + "\n", encoding="utf-8")
