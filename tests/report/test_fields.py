"""The figures of the fields in the report of a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pinn import load_run
from pinn.domains import Box, SinglePoint, TimeDomain
from pinn.plotting.style import diverging

pytest.importorskip("plotly")

from pinn.report import curves as report_curves
from pinn.report import fields as report_fields
from pinn.report import interactive

# plotly's types know little of what is in a figure.
curve_figures: Any = report_curves.curve_figures
field_figures: Any = report_fields.field_figures


def test_maps_have_the_values_of_the_fields(run_of: Callable[[str], Path]) -> None:
    run = load_run(run_of("plane"))
    figures = field_figures(run, instants=5, points=9)
    assert list(figures) == ["moving"]
    heading, figure = figures["moving"]
    assert heading == "Over <i>x</i> and <i>y</i>, in time"
    assert [note.text for note in figure.layout.annotations] == [
        "Solution <i>u</i>",
        "Exact <i>u</i>*",
        "Error <i>u</i> − <i>u</i>*",
        "Residual <i>r</i>",
    ]
    assert [step.label for step in figure.layout.sliders[0].steps] == ["0", "0.25", "0.5", "0.75", "1"]
    x = torch.tensor([0.75, 0.375, 0.5], dtype=torch.float64)
    frame = figure.frames[3]
    assert frame.data[0].z.shape == (9, 9)
    assert figure.data[0].x[3] == x[1]
    assert figure.data[0].y[2] == x[2]
    u, exact = float(run(x)), float(run.pde.exact(x))  # pyright: ignore[reportOptionalCall]
    for data, value in zip(frame.data, (u, exact, u - exact, float(run.residual(x[None]))), strict=True):
        values = data.z if data.customdata is None else data.customdata
        np.testing.assert_allclose(values[2, 3], value, rtol=1e-5)  # figures are in single precision
    np.testing.assert_array_equal(figure.data[0].z, figure.frames[2].data[0].z)  # half time is shown first


def test_one_space_dimension_has_a_map_and_a_line_that_moves(run_of: Callable[[str], Path]) -> None:
    run = load_run(run_of("heat"))
    figures = {name: figure for name, (_, figure) in field_figures(run, instants=3, points=9).items()}
    assert list(figures) == ["still", "moving"]
    assert [data.type for data in figures["moving"].data] == ["scatter"] * 4
    # At half time the line is the middle column of the map.
    solution = figures["still"].data[0]
    np.testing.assert_allclose(np.array(solution.z)[:, 4], figures["moving"].frames[1].data[0].y, rtol=1e-6)
    assert figures["still"].layout.xaxis2.matches == "x"


def test_without_time_there_is_no_slider(run_of: Callable[[str], Path]) -> None:
    ((heading, figure),) = field_figures(load_run(run_of("disk")), points=21).values()
    assert heading == "Over <i>x</i> and <i>y</i>"
    assert not figure.layout.sliders
    assert np.isnan(np.array(figure.data[0].z)[0, 0])  # outside the disk
    for alone in (TimeDomain(1.0, SinglePoint()), Box((0,), (1,))):
        (section,), moving = report_fields.still_and_moving(alone, {}, 5)
        assert (section.free, moving) == ((0,), [])


def test_colour_bars_on_both_scales() -> None:
    small = interactive.ticks(diverging(np.array([-2e-9, 1e-9])))
    assert small["tickvals"] == pytest.approx([-2e-9, -1e-9, 0, 1e-9, 2e-9], rel=1e-12, abs=0)
    assert small["ticktext"] == [
        "−2×10<sup>−9</sup>",
        "−10<sup>−9</sup>",
        "0",
        "10<sup>−9</sup>",
        "2×10<sup>−9</sup>",
    ]
    towering = interactive.ticks(diverging(np.array([0.71] + 999 * [1e-3])))  # logarithmic on both sides of zero
    assert towering["ticktext"] == ["−0.71", "−0.1", "−0.01", "0", "0.01", "0.1", "0.71"]
    assert towering["tickvals"][::3] == pytest.approx([0, 0.5, 1])
    assert sorted(towering["tickvals"]) == towering["tickvals"]


def test_slices_hold_axes(run_of: Callable[[str], Path]) -> None:
    run = load_run(run_of("plane"))
    heading, _ = field_figures(run, {"y": 0.5}, instants=3, points=9)["still"]
    assert heading == "Over <i>t</i> and <i>x</i> at <i>y</i> = 0.5"
    assert list(field_figures(run, {"t": 0.5}, points=9)) == ["still"]
    with pytest.raises(ValueError, match="There is no axis 'q'"):
        field_figures(run, {"q": 0.5})
    with pytest.raises(ValueError, match="at least 2 instants of time, got 1"):
        field_figures(run, instants=1)
