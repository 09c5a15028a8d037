"""A run folder: what training leaves behind, and how it becomes a field again."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import torch
from torch import Tensor, nn

from pinn.networks import Corrected, Windows, WithUnknowns, field, restore_scales
from pinn.objective import Objective
from pinn.operators import Strategy
from pinn.pdes import PDE, TimeWindowed, unscaled
from pinn.pdes.corners import free_corners
from pinn.runs.checkpoint import load_checkpoint, newest_checkpoint
from pinn.runs.claim import folder_of
from pinn.runs.grid import Grid, on_grid
from pinn.runs.instantiate import TARGET, build
from pinn.runs.members import member_weights
from pinn.runs.trusted import refuse_interpolations, refuse_links
from pinn.runs.units import component_names
from pinn.training.memory import refuse_too_large
from pinn.training.solution import Solution
from pinn.typing import Field, Points

SUMMARY, SOLUTION = "summary.json", "solution.npz"
CORRECTED = "pinn.networks.Corrected"
MOST_FEATURES = 10**5
_LONGEST_SUMMARY = 64 * 2**20  # bytes; one of a thousand time windows has a megabyte


@dataclass(frozen=True)
class Run:
    """A finished run. Calling it evaluates the trained field, at one point x of shape (d,) or at many, (…, d).

    A NumPy array or a list of points gives a NumPy array. `laplacian(run, x)` is a derivative, `run.grid()` has the
    values on a regular grid, also for xarray and pandas.
    """

    folder: Path
    pde: PDE
    network: nn.Module
    strategy: Strategy
    config: dict[str, Any]
    summary: dict[str, Any]
    field: Field
    trust: tuple[str, ...] = ()
    """The modules beside pinn that the caller has vouched for; kept in no file."""

    @overload
    def __call__(self, x: Tensor) -> Tensor: ...

    @overload
    def __call__(self, x: Any) -> Any: ...

    def __call__(self, x: Any) -> Any:
        return self.solution(x)

    def __repr__(self) -> str:
        size, error = sum(p.numel() for p in self.network.parameters()), self.summary.get("rel_l2")
        known = "" if error is None else f", relative L2 error {error:.2e}"
        return f"Run({str(self.folder)!r}: {type(unscaled(self.pde)).__name__}, {size} parameters{known})"

    @property
    def solution(self) -> Solution:
        """The trained field, at one point or at many."""
        return Solution(self.field, self.pde.domain.dim, self.like)

    def grid(self, n: int | None = None) -> Grid:
        """The field, the exact solution and the error, if they are known, on n nodes along each axis.

        By default 401, 101² or 41³ nodes, and about 10⁵ in more dimensions. Raises ValueError for n < 2 and for more
        than 5·10⁶ nodes.
        """
        exact = None if self.pde.exact is None else self.pde.solution(self.pde.exact)
        known = None if exact is None else Solution(exact, self.pde.domain.dim, self.like)
        return on_grid(self.pde.domain, self.solution, known, n, self.like, self.names)

    def to_xarray(self, n: int | None = None) -> Any:
        """`grid(n)` as an xarray.Dataset. Raises MissingPackageError without xarray."""
        return self.grid(n).to_xarray()

    def to_pandas(self, n: int | None = None) -> Any:
        """The nodes of `grid(n)` in the domain as a pandas.DataFrame. Raises MissingPackageError without pandas."""
        return self.grid(n).to_pandas()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the components of the solution: u, or u_1, u_2, …, if they have none of their own."""
        centre = [(a + b) / 2 for a, b in zip(*self.pde.domain.bounds, strict=True)]
        return component_names(self.pde, self.field(self.like.new_tensor(centre)).numel())

    @property
    def units(self) -> dict[str, str]:
        """The units of coordinates and components, by their names, as far as the user has said them."""
        return dict(self.config.get("units") or {})

    @property
    def like(self) -> Tensor:
        """A tensor with the dtype and device of the run."""
        return next(self.network.parameters())

    def residual(self, points: Points) -> Tensor:
        """The residual of the differential equation, in its own units, at points in the domain: shape (N, k)."""
        equation = self.pde.conditions()[0]
        objective = Objective(self.pde, self.network, {equation.name: (points,)}, self.strategy)
        return objective.residuals(dict(self.network.named_parameters()))[equation.name].detach()


def build_network(
    recipe: Mapping[str, Any],
    pde: PDE,
    generator: torch.Generator,
    trust: Collection[str] = (),
    root: Path | None = None,
) -> nn.Module:
    """The network of a recipe, with inputs, outputs and bounds from the PDE and weights from the generator.

    A PDE that is solved in windows of time has one for each of them; one with unknown coefficients has these in it. A
    network that `pinn refine` has corrected has the recipe of the one below it.
    """
    if isinstance(pde, TimeWindowed):
        first = build_network(recipe, pde.window(0), generator, trust, root)
        refuse_too_large(first, 0, None, copies=pde.windows)
        others = (build_network(recipe, pde.window(k), generator, trust, root) for k in range(1, pde.windows))
        return Windows([first, *others], pde.starts)
    if is_refined(recipe):
        base = build_network(recipe["network"], pde, generator, trust, root)
        width = recipe.get("width")
        if not isinstance(width, int) or not 1 <= width <= MOST_FEATURES:
            raise ValueError(f"network.width={width!r} is not valid: expected an integer from 1 to {MOST_FEATURES}.")
        corners = free_corners(pde) if recipe.get("corners", False) else ()
        return Corrected(base, pde.domain.embedded_bounds, pde.components, width, corners=corners)
    bounds = pde.domain.embedded_bounds
    if not bounds[0]:
        raise ValueError(f"{type(pde).__name__} needs a domain with coordinates, got {pde.domain}; try domain=box.")
    outputs = pde.components if pde.components is None else pde.components - len(pde.unknowns)
    arguments = {"inputs": len(bounds[0]), "outputs": outputs, "bounds": bounds, "generator": generator}
    arguments["chart"] = pde.domain.chart
    network = build(recipe, "network", trust=trust, root=root, **arguments)
    if not isinstance(network, nn.Module) or not any(True for _ in network.parameters()):
        raise ValueError(
            f"network: {type(network).__name__} is no torch.nn.Module with weights, so none can be trained."
        )
    return WithUnknowns(network, pde.unknowns, len(bounds[0]), generator) if pde.unknowns else network


def is_refined(recipe: object) -> bool:
    """Whether the recipe of a network is that of one which `pinn refine` has corrected."""
    return isinstance(recipe, Mapping) and recipe.get(TARGET) == CORRECTED


def load_run(folder: str | Path, trust: Collection[str] = (), *, seed: int | None = None) -> Run:
    """The run in `folder` as a callable field, on the CPU: at its end, or at its last checkpoint if it has none.

    `folder` may also be one of its checkpoints, `RUN/checkpoints/best.pt`. Classes of pinn alone are built; a run with
    a class of your own needs its module in `trust`, each time, since to import a module is to run its code. Files of
    data are read from within the folder; `trust` may name others, with a slash in their names. Raises
    FileNotFoundError if there is no run, ValueError if it is damaged, of another program, or names other modules.
    Of a run of several seeds it is the best, or that of `seed`.
    """
    folder = Path(folder)
    checkpoint = load_checkpoint(folder) if folder.is_file() else newest_checkpoint(folder)
    if folder.is_file():
        folder = folder_of(folder)
    refuse_links(folder)
    config, weights = checkpoint.config, checkpoint.weights
    if seed is not None:
        weights = member_weights(folder, seed)
    try:
        refuse_interpolations(config)
        pde: PDE = build(config["pde"], "pde", trust=trust, root=folder)
        network = build_network(config["network"], pde, torch.Generator(), trust, folder)
        restore_scales(network, weights)
        network.to(next(iter(weights.values())).dtype).load_state_dict(weights)
        strategy = build(config["vjp"], "vjp", trust=trust, root=folder)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{str(checkpoint.path)!r} is whole, but cannot be built: {error}") from error
    summary = read_summary(folder)
    network.requires_grad_(False)
    u = pde.solution(pde.ansatz()(field(network, components=pde.components)))
    return Run(folder, pde, network, strategy, config, summary, u, tuple(trust))


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary of a run; empty if it has none yet. Raises ValueError if the file holds no summary."""
    file = folder / SUMMARY
    if not file.is_file():
        return {}
    try:
        summary = json.loads(file.read_text(encoding="utf-8")) if file.stat().st_size < _LONGEST_SUMMARY else None
    except (ValueError, RecursionError):
        summary = None
    if not isinstance(summary, dict):
        raise ValueError(f"{str(file)!r} is damaged or not the summary of a run of pinn. Remove it to go on without.")
    return summary
