"""Draw the solution of a run; beside it, where one is known, the exact solution and the error."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pinn.domains import Domain, TimeDomain
from pinn.plotting.evolution import evolution_picture
from pinn.plotting.labels import suffix
from pinn.plotting.lines import line_picture
from pinn.plotting.maps import map_picture
from pinn.plotting.quantities import sample
from pinn.plotting.sections import Section, sections
from pinn.plotting.style import Format, Picture, save
from pinn.plotting.subject import Subject
from pinn.plotting.surfaces import has_surface, surface_picture
from pinn.plotting.vectors import in_plane, vector_picture
from pinn.runs import Run
from pinn.training.step import Step
from pinn.typing import Field


def plot_solution(
    run: Run,
    output: Path,
    *,
    times: Sequence[float] = (),
    slices: Mapping[str, float] | None = None,
    points: int | None = None,
    vector: Sequence[str] = (),
    format: Format = "png",
) -> list[Path]:
    """Write the pictures of `solution_pictures` under their names into `output`. Returns the files.

    A section that was asked for stands in the names, as in solution_z=0.25.png, so that no other picture is lost.
    """
    drawn = solution_pictures(Subject.of(run), times=times, slices=slices, points=points, vector=vector)
    asked = suffix(slices or {}, list(times))
    return [save(picture, output / f"{name}{asked}.{format}") for name, picture in drawn.items()]


def solution_pictures(
    subject: Subject,
    *,
    times: Sequence[float] = (),
    slices: Mapping[str, float] | None = None,
    points: int | None = None,
    vector: Sequence[str] = (),
) -> dict[str, Picture]:
    """The pictures of a field by name: `solution`, and with an exact solution `exact`, `error` and all as `comparison`.

    In time and one space dimension also `profiles`, lines over space at `times`; of a vector, which the problem has or
    `vector` names, `vectors`; of a body in space, unless it is cut by `slices`, its `surface`. For `times` and `slices`
    see `sections.sections`. `points` is the number of nodes along each axis.
    """
    shown = sections(subject.domain, times, slices, subject.units)
    quantities, like = subject.quantities, subject.like
    samples = sample(quantities, shown, points, like)
    errors = subject.errors
    title = samples.title(errors)
    pictures = {}
    for chosen, name in [*(([q], q.name) for q in quantities), (quantities, "comparison")]:
        if name == "comparison" and len(quantities) == 1:
            break
        words = title if name in ("error", "comparison") else samples.title()
        if len(shown[0].free) == 1:
            pictures[name] = line_picture(samples, chosen, words, like)
        elif name == "comparison" and evolves(subject.domain, shown) and samples.components == 1:
            instants = at_instants(subject, times, 4)
            pictures[name] = evolution_picture(samples, sample(quantities, instants, None, like), words, like)
        else:
            pictures[name] = map_picture(samples, chosen, words)
    if evolves(subject.domain, shown):
        profiles = sample(quantities, at_instants(subject, times, 5), None, like)
        pictures["profiles"] = line_picture(profiles, quantities, profiles.title(errors), like)
    found = subject.vector(vector)
    if found and in_plane(shown[0], found[1]):
        pictures["vectors"] = vector_picture(samples, quantities, subject, found)
    if not slices and has_surface(subject.domain):
        pictures["surface"] = surface_picture(subject, times)
    return pictures


def show(
    u: Run | Step | Field,
    domain: Domain | None = None,
    exact: Field | None = None,
    *,
    names: Sequence[str] = ("u",),
    units: Mapping[str, str] | None = None,
    times: Sequence[float] = (),
    slices: Mapping[str, float] | None = None,
    points: int | None = None,
    picture: str | None = None,
) -> Picture:
    """One picture of a run, of a step of training, or of a field u of one point on `domain`, for a notebook.

    It is a figure of matplotlib, to go on with.

    By default the comparison with the exact solution, or the solution if none is known; `picture` is one of the names
    of `solution_pictures`, such as profiles. Raises ValueError if there is no picture of that name.
    """
    if isinstance(u, Run):
        subject = Subject.of(u)
    elif isinstance(u, Step):
        subject = Subject.of_step(u, units or {})
    elif domain is None:
        raise ValueError("show(u, domain) needs the domain of a field; a run and a step have their own.")
    else:
        subject = Subject(u, domain, exact, names, units or {})
    pictures = solution_pictures(subject, times=times, slices=slices, points=points)
    name = picture or ("comparison" if "comparison" in pictures else "solution")
    if name not in pictures:
        raise ValueError(f"There is no picture {name!r} of this field: there are {', '.join(pictures)}.")
    return pictures[name]


def evolves(domain: Domain, shown: Sequence[Section]) -> bool:
    """Whether a section is all of time and one axis of space."""
    return isinstance(domain, TimeDomain) and shown[0].free == (0, 1)


def at_instants(subject: Subject, times: Sequence[float], count: int) -> list[Section]:
    """Space at instants: those that are asked for, or so many over the whole time."""
    domain = subject.domain
    assert isinstance(domain, TimeDomain)
    instants = times or np.linspace(domain.start, domain.start + domain.duration, count)
    return [Section(domain, (1,), {0: float(t)}, subject.units) for t in instants]
