"""Networks with their optimizers and points, as recipes that a run can keep."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinn.methods.facts import Facts
from pinn.networks import GatedSines, Harmonics, HolePowers, RandomSines, WedgePowers
from pinn.networks.features import Family
from pinn.optimizers import Adam, LeastSquares, LevenbergMarquardt, Optimizer, Schedule, Slabs
from pinn.pdes import PDE, TimeWindowed, evolving
from pinn.runs.trusted import TARGET
from pinn.samplers import Sampler, Sobol

MOST_STEPS = 100_000
"""Steps of a trained network, which ends by its budget, by rounding, or by its target."""
_NEWTON = 40
_POINTS = 3
"""Equations for each frozen feature; two are the least that `LeastSquares` takes."""
_FEW_HOLES = 6
"""Of more holes the multipoles alone are taken, without their products with coordinates."""
Locals = Sequence[WedgePowers | HolePowers]


@dataclass(frozen=True)
class Candidate:
    """A network, by the recipe of its class and arguments, with an optimizer and points. `name` is for the log.

    With more than one of the `windows` of time, each has a network of its own, which is trained after the one before.
    If `penalised`, the values on the boundary are not built into the field (`problem`).
    """

    name: str
    network: Mapping[str, Any]
    optimizer: Optimizer
    sampler: Sampler
    windows: int = 1
    penalised: bool = False

    def problem(self, pde: PDE) -> PDE:
        """The problem as this candidate takes it: with penalised values, slab by slab, or window by window of time."""
        pde = (penalising(pde) or pde) if self.penalised else pde
        pde = evolving(pde) if self.by_slabs else pde
        return TimeWindowed(pde, self.windows) if self.windows > 1 else pde

    @property
    def by_slabs(self) -> bool:
        """Whether it goes through time slab by slab."""
        return isinstance(self.optimizer, Slabs)

    @property
    def trained(self) -> bool:
        """Whether it is a trained network, which improves with time."""
        return "features" not in self.network

    def recipes(self) -> dict[str, Any]:
        """The keys network, optimizer, sampler and windows of a configuration that asks for this candidate."""
        return {
            "network": dict(self.network),
            "optimizer": recipe(self.optimizer, "pinn.optimizers"),
            "sampler": recipe(self.sampler, "pinn.samplers"),
            "windows": self.windows,
        }


def penalising(pde: PDE) -> PDE | None:
    """The same problem with values on the boundary that are penalised, not built in; None if it has no such choice."""
    chosen: Any = pde
    fields = [one.name for one in dataclasses.fields(chosen)] if dataclasses.is_dataclass(pde) else []
    return dataclasses.replace(chosen, hard=False) if "hard" in fields and pde.hard else None


def recipe(thing: Any, package: str) -> dict[str, Any]:
    """A frozen dataclass of `package` as a recipe, its members that are dataclasses too."""
    found: dict[str, Any] = {TARGET: f"{package}.{type(thing).__name__}"}
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if isinstance(value, tuple):
            value = [recipe(one, package) if dataclasses.is_dataclass(one) else one for one in value]
        found[field.name] = value
    return found


def steady_features(
    facts: Facts, width: int, frequency: Sequence[float], local: Locals = (), *, penalised: bool = False
) -> Candidate:
    """Random sines in all coordinates, their weights by Newton's method; `width` of them for each component.

    The functions of the `local` families join them.
    """
    sharp = sum(one.width for one in local)
    whole = width + sharp
    equations = math.ceil(_POINTS * whole * facts.components / facts.rows)
    boundary = math.ceil(min(whole, 50 + 4 * whole ** ((facts.dim - 1) / facts.dim) + sharp / 2))
    told = ", ".join(f"{one:.3g}" for one in dict.fromkeys(frequency))
    soft = ", values penalised" if penalised else ""
    return Candidate(
        f"{width} random sines up to frequency {told}{_and(local)}{soft}, least squares",
        _network("FrozenFeatures", RandomSines(width, tuple(frequency)), local),
        LeastSquares(steps=1 if facts.linear else _NEWTON),
        Sobol(equations, boundary, every=0),
        penalised=penalised,
    )


def harmonics(facts: Facts, modes: int) -> Candidate:
    """The harmonics of a periodic space, slab by slab of time."""
    width = (2 * modes + 1) ** (facts.dim - 1)
    return _slabs(f"{modes} harmonics, slabs of time", facts, Harmonics(modes), 2.2 * width, Slabs())


def sines(facts: Facts, width: int, frequency: float, local: Locals = ()) -> Candidate:
    """Random sines in space, slab by slab of time, and the functions of the `local` families."""
    name = f"{width} random sines in space up to frequency {frequency:.3g}{_and(local)}, slabs of time"
    whole = width + sum(one.width for one in local)
    return _slabs(name, facts, RandomSines(width, frequency), 2.1 * whole, Slabs(cut=1e-12), local)


def fronts(facts: Facts, subdomains: int) -> Candidate:
    """Sines on subdomains of space, which are halved where there is a front, slab by slab of time."""
    width = 36
    optimizer = Slabs(tolerance=3e-10, resolution=3e-9, cut=1e-12, first=1e-3, growth=1.4)
    name = f"{width} sines on each of {subdomains} subdomains, refined, slabs of time"
    return _slabs(name, facts, GatedSines(width, subdomains), 3 * width * subdomains ** (facts.dim - 1), optimizer)


def trained(width: int, depth: int, activation: str, points: int, windows: int = 1) -> Candidate:
    """A trained network: Adam for a few steps, then Levenberg–Marquardt."""
    in_windows = f", in {windows} windows of time" if windows > 1 else ""
    return Candidate(
        f"a trained network, {activation}, {depth} layers of {width}{in_windows}",
        {TARGET: "pinn.networks.MLP", "width": width, "depth": depth, "activation": activation},
        Schedule((Adam(steps=30), LevenbergMarquardt(steps=MOST_STEPS))),
        Sobol(points, max(200, points // 5)),
        windows,
    )


def local_families(facts: Facts, finer: int = 0) -> Locals:
    """What is singular in the corners of the space and about its holes, `finer` times enriched; none without these."""
    found: list[WedgePowers | HolePowers] = []
    if facts.corners:
        found.append(WedgePowers(facts.corners, min(6 + 2 * finer, 8), min(3 + finer, 4)))
    if facts.holes:
        few = len(facts.holes) <= _FEW_HOLES
        found.append(HolePowers(facts.holes, min(6 + 2 * finer, 12), min(3 + finer, 4) if few else 1))
    return tuple(found)


def _and(local: Locals) -> str:
    """The local families in the name of a candidate."""
    places = {
        WedgePowers: lambda one: f"in {len(one.corners)} corners",
        HolePowers: lambda one: f"about {len(one.holes)} holes",
    }
    return "".join(f" and {one.width} powers {places[type(one)](one)}" for one in local)


def _slabs(name: str, facts: Facts, family: Family, points: float, optimizer: Slabs, local: Locals = ()) -> Candidate:
    network = _network("SlabFeatures", family, local)
    return Candidate(name, network, optimizer, Sobol(math.ceil(points), 200, every=0))


def _network(kind: str, family: Family, local: Locals = ()) -> dict[str, Any]:
    families: dict[str, Family] = {"smooth" if local else "all": family}
    families |= {"corners" if isinstance(one, WedgePowers) else "holes": one for one in local}
    recipes = {name: recipe(one, "pinn.networks") for name, one in families.items()}
    return {TARGET: f"pinn.networks.{kind}", "features": recipes}
