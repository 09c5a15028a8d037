"""Draw the solution of a run; beside it, where one is known, the exact solution and the error."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import TimeDomain
from pinn.plotting.lines import line_figure
from pinn.plotting.maps import map_figure
from pinn.plotting.quantities import Quantity, sample
from pinn.plotting.sections import Section, sections
from pinn.plotting.style import Format, scientific
from pinn.runs import Run
from pinn.training.accuracy import Reference


def plot_solution(
    run: Run,
    output: Path,
    *,
    times: Sequence[float] = (),
    slices: Mapping[str, float] | None = None,
    points: int | None = None,
    format: Format = "png",
) -> list[Path]:
    """Write `solution`, and with an exact solution `exact`, `error` and all of them side by side as `comparison`.

    In time and one space dimension also `profiles`, lines over space at `times`. For `times` and `slices` see
    `sections.sections`. `points` is the number of nodes along each axis. Returns the files.
    """
    shown = sections(run.pde.domain, times, slices)
    samples = sample(quantities_of(run), shown, points, run.like)
    draw = map_figure if len(shown[0].free) == 2 else line_figure
    errors = _errors(run)
    title = samples.title(errors)
    paths = [
        draw(samples, [q], output / f"{q.name}.{format}", title if q.name == "error" else samples.title())
        for q in samples.quantities
    ]
    if len(samples.quantities) > 1:
        paths.append(draw(samples, samples.quantities, output / f"comparison.{format}", title))
    domain = run.pde.domain
    if isinstance(domain, TimeDomain) and shown[0].free == (0, 1):
        instants = [
            Section(domain, (1,), {0: float(t)})
            for t in times or np.linspace(domain.start, domain.start + domain.duration, 5)
        ]
        profiles = sample(quantities_of(run), instants, points, run.like)
        paths.append(line_figure(profiles, profiles.quantities, output / f"profiles.{format}", profiles.title(errors)))
    return paths


def quantities_of(run: Run) -> list[Quantity]:
    """The solution of a run; with an exact solution also that and the error."""
    exact = run.pde.solution(run.pde.exact) if run.pde.exact else None
    shown = vmap(lambda x: _without_numbers(run, run(x)))
    names = names_of(run)
    solution = Quantity("solution", "Solution", "u{}", shown, names=names)
    if exact is None:
        return [solution]
    true = vmap(lambda x: _without_numbers(run, exact(x)))
    return [
        solution,
        Quantity("exact", "Exact", r"u^{\!*}{}", true, names=names),
        Quantity("error", "Error", r"u{} - u^{\!*}{}", lambda x: shown(x) - true(x), signed=True, names=names),
    ]


def names_of(run: Run) -> tuple[str, ...]:
    """The names of the components that are shown, if they have names."""
    numbers = {name for name, unknown in run.pde.unknowns.items() if not unknown.field}
    return tuple(name.replace("_", r"\_") for name in run.pde.names or () if name not in numbers)


def _without_numbers(run: Run, value: Tensor) -> Tensor:
    """The components of u that are fields; unknown numbers are no maps, and have a figure of their own."""
    unknowns = list(run.pde.unknowns.values())
    if all(unknown.field for unknown in unknowns):
        return value
    first = value.shape[-1] - len(unknowns)
    return torch.stack([value[k] for k in range(value.shape[-1]) if k < first or unknowns[k - first].field], -1)


def _errors(run: Run) -> str:
    """The errors over the whole domain, at the points where they are always measured."""
    if run.pde.exact is None:
        return ""
    reference = Reference.of(run.pde.domain, run.pde.solution(run.pde.exact), run.like, run.pde.scored)
    l2, largest = reference.relative_l2(run), reference.max_error(run)
    return f"relative $L^2$ error {scientific(l2)}, max error {scientific(largest)}"
