"""A run folder: what training leaves behind, and how it becomes a field again."""

import csv
import dataclasses
import io
import json
import math
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.evaluate import chunks, evaluation_points
from pinn.fingerprint import fingerprint
from pinn.networks import Windows, WithUnknowns, field
from pinn.objective import Objective
from pinn.operators import Strategy
from pinn.pdes import PDE, Marched
from pinn.recipe import build
from pinn.train import Step
from pinn.typing import Field, Points
from pinn.uncertainty import found_fields, found_unknowns

CHECKPOINT, SUMMARY, METRICS, SOLUTION = "checkpoint.pt", "summary.json", "metrics.csv", "solution.npz"
_FORMAT = 2


@dataclass(frozen=True)
class Run:
    """A finished run. Calling it evaluates the trained field at one point x of shape (d,).

    `vmap(run)(X)` gives many values, `laplacian(run, x)` a derivative.
    """

    folder: Path
    pde: PDE
    network: nn.Module
    strategy: Strategy
    config: dict[str, Any]
    summary: dict[str, Any]
    field: Field

    def __call__(self, x: Tensor) -> Tensor:
        return self.field(x)

    @property
    def like(self) -> Tensor:
        """A tensor with the dtype and device of the run."""
        return next(self.network.parameters())

    def residual(self, points: Points) -> Tensor:
        """The residual of the differential equation at points inside the domain: shape (N, k)."""
        equation = self.pde.conditions()[0]
        objective = Objective(self.pde, self.network, {equation.name: (points,)}, self.strategy)
        return objective.residuals(dict(self.network.named_parameters()))[equation.name].detach()


def build_network(recipe: Mapping[str, Any], pde: PDE, generator: torch.Generator) -> nn.Module:
    """The network of a recipe, with inputs, outputs and bounds from the PDE and weights from the generator.

    A PDE that is solved in windows of time has one for each of them; one with unknown coefficients has these in it.
    """
    if isinstance(pde, Marched):
        networks = [build_network(recipe, pde.window(k), generator) for k in range(pde.windows)]
        return Windows(networks, pde.starts)
    bounds = pde.domain.embedded_bounds
    if not bounds[0]:
        raise ValueError(f"{type(pde).__name__} needs a domain with coordinates, got {pde.domain}; try domain=box.")
    outputs = pde.components if pde.components is None else pde.components - len(pde.unknowns)
    arguments = {"inputs": len(bounds[0]), "outputs": outputs, "bounds": bounds, "generator": generator}
    network = build(recipe, "network", **arguments)
    if not isinstance(network, nn.Module) or not any(True for _ in network.parameters()):
        raise ValueError(
            f"network: {type(network).__name__} is no torch.nn.Module with weights, so none can be trained."
        )
    return WithUnknowns(network, pde.unknowns, len(bounds[0]), generator) if pde.unknowns else network


def load_run(folder: str | Path) -> Run:
    """The run in `folder` as a callable field, on the CPU.

    Raises FileNotFoundError if there is none, ValueError if its checkpoint is damaged, as its checksum tells, or of
    another program, or names what cannot be built.
    """
    folder = Path(folder)
    path = folder / CHECKPOINT
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no run folder {str(folder)!r}. Runs are under outputs/ and multirun/.")
    if not path.is_file():
        raise FileNotFoundError(f"{str(folder)!r} is not a run folder: it holds no {CHECKPOINT}.")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        written = checkpoint.pop("fingerprint")
        if checkpoint["format"] != _FORMAT:
            raise ValueError(f"format {checkpoint['format']}, where {_FORMAT} is known")
        if fingerprint(checkpoint) != written:
            raise ValueError("its checksum does not fit")
        config, weights = checkpoint["config"], checkpoint["weights"]
        recipes = config["pde"], config["network"], config["vjp"]
        if not weights or not all(isinstance(weight, Tensor) for weight in weights.values()):
            raise ValueError("its weights are no tensors")
    except Exception as error:  # torch.load raises many kinds, all meaning one thing here
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"{str(path)!r} is damaged or not a checkpoint of pinn: {reason}") from error
    try:
        pde: PDE = build(recipes[0], "pde")
        network = build_network(recipes[1], pde, torch.Generator())
        network.to(next(iter(weights.values())).dtype).load_state_dict(weights)
        strategy: Strategy = build(recipes[2], "vjp")
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(f"{str(path)!r} is whole, but cannot be built: {error}") from error
    summary_file = folder / SUMMARY
    summary = json.loads(summary_file.read_text()) if summary_file.is_file() else {}
    network.requires_grad_(False)
    u = pde.solution(pde.ansatz()(field(network, components=pde.components)))
    return Run(folder, pde, network, strategy, config, summary, u)


def save_run(folder: str | Path, step: Step, config: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
    """Write checkpoint, solution and summary of a run into `folder`, and return the summary.

    `config` holds the recipes `pde`, `network` and `vjp` that `load_run` builds from; `facts` are added to the summary.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / CHECKPOINT, lambda file: torch.save(_checkpoint(step, config), file))
    _write(folder / SOLUTION, lambda file: np.savez_compressed(file, allow_pickle=False, **_solution(step)))
    summary = {**facts, **_figures(step), "versions": _versions()}
    _write(folder / SUMMARY, lambda file: file.write(json.dumps(_no_nan(summary), indent=2).encode() + b"\n"))
    return summary


class MetricsFile:
    """`metrics.csv`: a row for each recorded step, on disk at once. Errors are NaN where no solution is known.

    The file is written anew where a method that begins later brings figures of its own, such as its damping.
    """

    def __init__(self, folder: str | Path) -> None:
        self._path = Path(folder) / METRICS
        self._rows: list[dict[str, Any]] = []
        self._columns: list[str] = []

    def record(self, step: Step) -> None:
        """Append the step."""
        row = {"step": step.step, "seconds": step.seconds, "method": step.method, "loss": step.loss}
        row |= {f"loss_{name}": term for name, term in step.terms.items()}
        row |= {"rel_l2": step.rel_l2, "max_error": step.max_error, "heldout_residual": step.heldout_residual}
        row |= {"guard": len(step.findings), **step.figures}
        self._rows.append(row)
        if new := [name for name in row if name not in self._columns]:
            self._columns += new
            _write(self._path, lambda file: file.write(self._text(self._rows, header=True)))
        else:
            with self._path.open("ab") as file:
                file.write(self._text([row], header=False))

    def time_to(self) -> dict[str, float]:
        """Seconds until the error at a recorded step was first below 1e-1, 1e-2, …, as far as it came."""
        found: dict[str, float] = {}
        for row in self._rows:
            for k in range(1, 16):
                if row["rel_l2"] < 10.0**-k:
                    found.setdefault(f"1e-{k}", row["seconds"])
        return found

    def _text(self, rows: list[dict[str, Any]], *, header: bool) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._columns)
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()


def _checkpoint(step: Step, config: Mapping[str, Any]) -> dict[str, Any]:
    weights = step.objective.network.state_dict() | dict(step.params)
    content = {"format": _FORMAT, "step": step.step, "config": dict(config), "weights": weights}
    return {**content, "fingerprint": fingerprint(content)}


def _figures(step: Step) -> dict[str, Any]:
    """The numbers of the run, at its last parameters."""
    evaluation = step.objective.eager().evaluate(step.params)
    unknowns = found_unknowns(step.objective, step.params)
    fields = found_fields(step.objective, step.params, next(iter(step.objective.samples.values()))[0][:200])
    like = next(iter(step.params.values()))
    return {
        "device": str(like.device),
        "dtype": str(like.dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "parameters": sum(value.numel() for value in step.params.values()),
        "points": len(next(iter(step.objective.samples.values()))[0]),
        "steps": step.step,
        "wall_s": step.seconds,
        "compile_s": step.compile_s,
        "loss": float(evaluation.loss),
        "terms": {name: float(term) for name, term in evaluation.terms.items()},
        "rel_l2": step.rel_l2,
        "max_error": step.max_error,
        "reference_error": step.reference_error,
        "train_residual": step.train_residual,
        "heldout_residual": step.heldout_residual,
        "stopped_by": step.stop,
        "unknowns": {name: dataclasses.asdict(found) for name, found in unknowns.items()},
        "unknown_fields": {name: {"rel_l2": field.error, "coverage": field.coverage} for name, field in fields.items()},
        "guard": [dataclasses.asdict(finding) for finding in step.findings],
    }


def _solution(step: Step) -> dict[str, np.ndarray]:
    """Solution, exact solution, error and residual at the evaluation points."""
    pde, like = step.objective.pde, next(iter(step.params.values()))
    points = evaluation_points(pde.domain, like)
    equation = pde.conditions()[0].name
    parts = chunks(points)
    residuals = [step.objective.at({equation: (part,)}).residuals(step.params)[equation].detach() for part in parts]
    arrays = {"points": points, "u": torch.cat([vmap(step.field)(part).detach() for part in parts])}
    arrays["residual"] = torch.cat(residuals)
    if pde.exact is not None:
        arrays["exact"] = torch.cat([vmap(pde.solution(pde.exact))(part) for part in parts])
        arrays["error"] = arrays["u"] - arrays["exact"]
    return {name: array.cpu().numpy() for name, array in arrays.items()}


def _versions() -> dict[str, str]:
    return {
        "pinn": metadata.version("pinn"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def _no_nan(value: Any) -> Any:
    """JSON has no NaN; what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {name: _no_nan(item) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    """Write a file whole or not at all: to a temporary one beside it, to the disk, then into place."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
