"""Thirty problems that no training can solve as they stand, and thirty sound ones: what becomes of them.

    python -m benchmarks.treacherous --out outputs/treacherous

Each is trained for a few seconds and examined as `pinn validate` examines a run, without other trainings. It is
*refused* if building or training it raises an error with a reason; *doubted* if its own end or the examination speaks
against it; *limited* if something is said to be left undetermined or its values had to be penalised; else *believed*.
None of the treacherous ones may be believed, and of the sound ones all but one have to be believed, or limited by a
penalty.
"""

import argparse
import json
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from pinn.domains import Box, Disk, Domain, PeriodicBox
from pinn.methods import Search
from pinn.networks import MLP
from pinn.operators import Auto
from pinn.pdes import PDE, Expression
from pinn.runs.atomic_write import atomic_write
from pinn.runs.run import build_network
from pinn.runs.verdict import OVERFITTED, UNTRAINED
from pinn.samplers import Sobol
from pinn.training.guard import Guard
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.training.time_marching import train_windows
from pinn.trust import examined
from pinn.trust.doubts import doubts

LINE, SQUARE, DISK = Box((0.0,), (1.0,)), Box((0.0, 0.0), (1.0, 1.0)), Disk()
RING: Domain = PeriodicBox((0.0,), (1.0,))
HEAT, POISSON = "dt(u) = 0.1*lap(u)", "-lap(u) = 1"
TOLERANCE = 1e-2
"""Of the relative L2 error by the linearised equation."""

Given = Mapping[str, Any]
TREACHEROUS: dict[str, Given] = {
    "initial tent": {"equation": HEAT, "initial": "1-abs(2*x-1)", "boundary": "0"},
    "initial step": {"equation": HEAT, "initial": "heaviside(x-0.5)", "boundary": {"left": "0", "right": "1"}},
    "initial box": {"equation": HEAT, "initial": "where(0.3 < x and x < 0.6, 1, 0)", "boundary": "0"},
    "initial clipped": {"equation": HEAT, "initial": "min(1, 4*x*(1-x)*2)", "boundary": "0"},
    "rod at 300 against 800": {"equation": HEAT, "initial": "300", "boundary": {"left": "300", "right": "800"}},
    "initial against boundary": {"equation": HEAT, "initial": "1", "boundary": "0"},
    "initial against flux": {"equation": HEAT, "initial": "x", "flux": "0"},
    "initial against one flux": {"equation": HEAT, "initial": "x", "boundary": {"left": "0"}, "flux": {"right": "0"}},
    "kink carried by a wave": {
        "equation": "dt(dt(u)) = lap(u)", "initial": "1-abs(2*x-1)", "initial_velocity": "0", "boundary": "0",
    },
    "jump in k, 1-D": {"equation": "dx((2+sign(x-0.5))*dx(u)) = 0", "boundary": {"left": "0", "right": "1"}},
    "jump in k, where": {"equation": "-dx(where(x<0.3, 1, 9)*dx(u)) = 1", "boundary": "0"},
    "jump in k, 2-D": {"domain": SQUARE, "equation": "-div((1+4*heaviside(x-0.5))*grad(u)) = 1", "boundary": "0"},
    "kink under two derivatives": {"equation": "dx(dx(abs(x-0.4)*u)) = 1", "boundary": "0"},
    "source that is a derivative of a jump": {"equation": "-lap(u) = dx(sign(x-0.5))", "boundary": "0"},
    "lid with corners": {
        "domain": SQUARE, "equation": "lap(u) = 0", "boundary": {"top": "1", "left": "0", "right": "0", "bottom": "0"},
    },
    "boundary in pieces": {"domain": DISK, "equation": "lap(u) = 0", "boundary": "sign(x)"},
    "two right sides": {"domain": SQUARE, "equation": ["lap(u) = 1", "lap(u) = 2"], "boundary": "0"},
    "two rates": {
        "equation": ["dt(u) = 0.1*lap(u)", "dt(u) = 0.1*lap(u) + 1"], "initial": "sin(pi*x)", "boundary": "0",
    },
    "value and flux": {"equation": POISSON, "boundary": "0", "flux": "3"},
    "unused coefficient": {"equation": POISSON, "boundary": "0", "coefficients": {"kappa": 3.0}},
    "no boundary value": {"domain": SQUARE, "equation": POISSON},
    "pure Neumann, compatible": {"domain": LINE, "equation": "-lap(u) = 2", "flux": "-1"},
    "pure Neumann, incompatible": {"domain": LINE, "equation": "-lap(u) = 2", "flux": "0"},
    "ring without a gauge": {"domain": RING, "equation": "-lap(u) = sin(2*pi*x)"},
    "no initial value": {"equation": HEAT, "boundary": "0", "time": True},
    "half of the boundary": {"domain": LINE, "equation": POISSON, "boundary": {"left": "0"}},
    "pressure without a gauge": {
        "domain": SQUARE, "fields": ["u", "v", "p"],
        "equation": ["lap(u) = dx(p)", "lap(v) = dy(p)", "dx(u) + dy(v) = 0"], "boundary": ["y*(1-y)", "0", None],
    },
    "narrow source, 1-D": {"equation": "-lap(u) = 1 + 1e5*exp(-1e10*(x-0.371)**2)", "boundary": "0"},
    "narrow source, 2-D": {
        "domain": SQUARE, "equation": "-lap(u) = 1 + 1e5*exp(-1e5*((x-0.371)**2+(y-0.62)**2))", "boundary": "0",
    },
    "narrow coefficient": {
        "equation": "-(1 + 1e4*exp(-1e9*(x-0.5)**2))*lap(u) + 1e4*exp(-1e9*(x-0.2)**2)*u = 1", "boundary": "0",
    },
    "front that is too steep": {"equation": "u*dx(u) = 1e-5*lap(u)", "boundary": {"left": "1", "right": "-1"}},
    "oscillations that are too fast": {
        "domain": SQUARE, "equation": "-lap(u) = 2*(60*pi)**2*sin(60*pi*x)*sin(60*pi*y)", "boundary": "0",
    },
}  # fmt: skip
SOUND: dict[str, Given] = {
    "Poisson, 1-D": {"equation": POISSON, "boundary": "0"},
    "Poisson, square": {"domain": SQUARE, "equation": POISSON, "boundary": "0"},
    "Poisson, disk": {"domain": DISK, "equation": POISSON, "boundary": "x**2"},
    "known solution": {"domain": SQUARE, "equation": "-lap(u)", "exact": "exp(x)*sin(pi*y)"},
    "in volts": {"domain": SQUARE, "equation": "-lap(u)", "exact": "2.3e5*exp(x)*sin(pi*y)"},
    "in nanometres": {"domain": DISK, "equation": "-lap(u) = 1e-9", "boundary": "0"},
    "Laplace": {"domain": SQUARE, "equation": "lap(u) = 0", "boundary": "exp(x)*sin(y)"},
    "steep but smooth": {"equation": "-lap(u) = 20*tanh(20*(x-0.5))", "boundary": "0"},
    "sources that jump": {"equation": "-lap(u) = heaviside(x-0.5)", "boundary": "0"},
    "Helmholtz": {"domain": SQUARE, "equation": "lap(u) + 4*u = 1", "boundary": "0"},
    "reaction": {"equation": "-lap(u) + u**3 = 1", "boundary": "0"},
    "variable k": {"domain": SQUARE, "equation": "-div((1+x*y)*grad(u)) = 1", "boundary": "0"},
    "advection and diffusion": {"equation": "dx(u) - 0.1*lap(u) = 1", "boundary": "0"},
    "one flux": {"domain": LINE, "equation": POISSON, "boundary": {"left": "0"}, "flux": {"right": "0"}},
    "heat": {"equation": HEAT, "initial": "sin(pi*x)", "boundary": "0"},
    "heat in kelvin": {"equation": HEAT, "initial": "300+200*sin(pi*x)", "boundary": "300"},
    "heat between two ends": {"equation": HEAT, "initial": "300+500*x", "boundary": {"left": "300", "right": "800"}},
    "insulated": {"equation": HEAT, "initial": "cos(pi*x)", "flux": "0"},
    "heated": {"equation": "dt(u) = lap(u) + x", "initial": "0", "boundary": "0"},
    "heat, square": {
        "domain": SQUARE, "equation": "dt(u) = 0.1*lap(u)", "initial": "sin(pi*x)*sin(pi*y)", "boundary": "0",
    },
    "advection": {"domain": RING, "equation": "dt(u) + dx(u) = 0", "initial": "sin(2*pi*x)"},
    "heat on a ring": {"domain": RING, "equation": "dt(u) = 0.05*lap(u)", "initial": "1+cos(2*pi*x)"},
    "wave": {"equation": "dt(dt(u)) = lap(u)", "initial": "sin(pi*x)", "initial_velocity": "0", "boundary": "0"},
    "Burgers, viscous": {"equation": "dt(u) + u*dx(u) = 0.1*lap(u)", "initial": "sin(pi*x)", "boundary": "0"},
    "Fisher": {"equation": "dt(u) = 0.1*lap(u) + u*(1-u)", "initial": "sin(pi*x)", "boundary": "0"},
    "two species": {
        "fields": ["u", "v"], "equation": ["dt(u) = 0.1*lap(u) - u*v", "dt(v) = 0.1*lap(v) + u*v"],
        "initial": ["sin(pi*x)", "0.5*sin(pi*x)"], "boundary": ["0", "0"],
    },
    "coupled": {"fields": ["u", "v"], "equation": ["-lap(u) = v", "-lap(v) = 1"], "boundary": ["0", "0"]},
    "fourth order": {"equation": "dx(dx(dx(dx(u)))) = 1", "boundary": "0", "flux": "0"},
    "known in time": {"equation": "dt(u) - 0.3*lap(u)", "exact": "exp(-t)*sin(pi*x)"},
    "in pascals": {"equation": "-2.1e11*lap(u) = 1e6", "boundary": "0"},
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of a problem, in a word and in the words of the program."""

    name: str
    sound: bool
    outcome: str
    words: str
    seconds: float

    @property
    def wrong(self) -> bool:
        """Whether a treacherous problem is believed, or a sound one is not."""
        return self.outcome in ("refused", "doubted") if self.sound else self.outcome == "believed"


def solved(pde: PDE, budget_s: float, method: Search | None) -> tuple[Step, Step]:
    """First and last step of a short training: of what a method finds, or of a network of 20 × 2 by the defaults."""
    generator = torch.Generator().manual_seed(0)
    if method is None:
        outputs = None if pde.components is None else pde.components - len(pde.unknowns)
        network = MLP(len(pde.domain.embedded_bounds[0]), outputs, width=20, depth=2, generator=generator)
        steps = train(pde, network.double(), sampler=Sobol(), guard=Guard(), steps=130, budget_s=budget_s)
    else:
        choice = method.choose(pde, budget_s=budget_s)
        candidate, left = choice.candidate, max(budget_s - choice.seconds, 0.1 * budget_s)
        problem = candidate.problem(pde)
        module = build_network(candidate.network, problem, generator).double()
        run: Callable[..., Generator[Step, None, None]] = train_windows if candidate.windows > 1 else train
        steps = run(*(problem, module, candidate.optimizer, candidate.sampler), guard=Guard(), budget_s=left)
    first = last = next(steps)
    for step in steps:
        last = step
    return first, last


def judged(name: str, given: Given, *, sound: bool, budget_s: float, method: Search | None = None) -> Outcome:
    """Train a problem and examine its field."""
    began = time.perf_counter()

    def outcome(word: str, words: str) -> Outcome:
        return Outcome(name, sound, word, words, time.perf_counter() - began)

    try:
        pde = Expression(**given)
        first, step = solved(pde, budget_s, method)
    except (ValueError, FloatingPointError) as error:
        return outcome("refused", str(error).splitlines()[0])
    losses = {"first_loss": first.loss, "last_loss": step.loss}
    if method is not None:
        losses["residual"] = step.heldout_residual
    told = doubts(step.objective, step.params, stalled=step.stop == "stalled", heldout=step.heldout, **losses)
    found = examined(step.objective.pde, step.objective.network, Auto())
    told += found.breaks
    start, end = first.loss**0.5, step.heldout_residual
    if end > OVERFITTED * step.train_residual and end > TOLERANCE * start:
        told.append(f"residual {end:.1e} held out, {step.train_residual:.1e} in training: it has fitted its points")
    if end > UNTRAINED * start and not found.small(TOLERANCE):
        told.append(f"residual {end:.1e} held out, where it was {start:.1e} before training")
    if found.estimated and not found.estimate <= TOLERANCE:
        told.append(f"relative L2 error {found.estimate:.1e} by the linearised equation")
    if told:
        return outcome("doubted", told[0])
    if found.undetermined:
        return outcome("limited", found.undetermined[0])
    if pde.softened:
        return outcome("limited", next(iter(pde.softened.values())))
    return outcome(
        "believed", f"relative L2 error {found.estimate:.1e} by the linearised equation" if found.estimated else ""
    )


def table(outcomes: list[Outcome]) -> str:
    """The outcomes as Markdown."""
    rows = [
        f"| {one.name} | {'**' if one.wrong else ''}{one.outcome}{'**' if one.wrong else ''} | {one.words[:110]} |"
        for one in outcomes
    ]
    return "\n".join(["| problem | outcome | in its own words |", "| --- | --- | --- |", *rows])


def main() -> None:
    """All of them, one after the other; figures and table into a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("outputs/treacherous"))
    parser.add_argument("--budget", type=float, default=4.0, help="seconds of training for each (default: 4)")
    parser.add_argument("--method", choices=("named", "auto"), default="named", help="auto: as `pinn train` searches")
    arguments = parser.parse_args()
    method = Search() if arguments.method == "auto" else None
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    for sound, problems in ((False, TREACHEROUS), (True, SOUND)):
        for name, given in problems.items():
            outcomes.append(judged(name, given, sound=sound, budget_s=arguments.budget, method=method))
            print(
                f"{'sound' if sound else 'treacherous'}: {name}: {outcomes[-1].outcome}: {outcomes[-1].words}",
                flush=True,
            )
    for sound in (False, True):
        some = [one for one in outcomes if one.sound == sound]
        print(f"\n{len(some)} {'sound' if sound else 'treacherous'}, {sum(one.wrong for one in some)} judged wrongly\n")
        print(table(some))
    with atomic_write(arguments.out / "treacherous.json") as temporary:
        temporary.write_text(json.dumps([asdict(one) for one in outcomes], indent=2))


if __name__ == "__main__":
    main()
