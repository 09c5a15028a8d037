"""Coefficients, sources, initial and boundary values from files."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Box, Disk, TimeDomain
from pinn.operators import Auto
from pinn.pdes import Expression

F64 = torch.float64
T = np.linspace(0, 1, 21)
LINE = Box((0.0,), (1.0,))


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)

    def csv(name: str, **columns: np.ndarray) -> None:
        np.savetxt(name, np.stack([*columns.values()], 1), delimiter=",", header=",".join(columns), comments="")

    x, y = np.meshgrid(T, T, indexing="ij")
    rng = np.random.default_rng(0)
    order = rng.permutation(T.size**2)
    scattered = np.concatenate([rng.random((300, 2)), [[0, 0], [0, 1], [1, 0], [1, 1]]])
    csv("k.csv", x=T, k=1 + T**3)
    csv("short.csv", x=T * 0.9, k=1 + T)
    csv("jump.csv", x=T, k=np.where(T < 0.5, 1.0, 3.0))
    csv("grid.csv", x=x.ravel()[order], y=y.ravel()[order], f=(x + 2 * y * x).ravel()[order])
    csv("points.csv", x=scattered[:, 0], y=scattered[:, 1], f=scattered @ [1, 2])
    csv("side.csv", y=T, u=T * (1 - T))
    csv("state.csv", x=T, u=T, v=1 - T)
    csv("pulse.csv", t=2 * T, u=T**2)
    csv("other.csv", x=T, a=T, b=T)
    csv("nowhere.csv", s=T, k=T)
    csv("twice.csv", x=np.append(T, 0.5), k=np.append(T, 1))
    np.savez("grid.npz", x=T, y=T, f=x + 2 * y * x)
    np.savez("odd.npz", x=T, y=T[:5], f=x)
    return tmp_path


def residual(pde: Expression, u: Any, x: Tensor) -> Tensor:
    condition = pde.conditions()[0]
    data = () if condition.given is None else (vmap(condition.given)(x),)
    return vmap(lambda *p: condition.residual(u, *p, strategy=Auto()))(x, *data)


def test_a_coefficient_from_a_table_and_how_it_is_interpolated(caplog: pytest.LogCaptureFixture) -> None:
    """(k u′)′ = 2 x k′ + 2 k with u = x² and k = 1 + x³, which cubic splines have exactly."""
    with caplog.at_level(logging.INFO, "pinn"):
        pde = Expression(
            LINE, "dx(k*dx(u)) = 2 + 8*x**3", coefficients={"k": "k.csv"}, boundary="x**2", interpolation={"k": "cubic"}
        )
    assert "coefficient k from k.csv: cubic interpolation between 21 nodes, of class C²" in caplog.text
    x = torch.rand(20, 1, dtype=F64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(residual(pde, lambda p: p[0] ** 2, x), torch.zeros(20, dtype=F64), rtol=0, atol=1e-12)


@pytest.mark.parametrize("file", ["grid.csv", "grid.npz", "points.csv"])
def test_a_source_on_a_grid_or_at_points(file: str) -> None:
    pde = Expression(Box(), "lap(u) = f", coefficients={"f": file}, boundary="0")
    x = torch.rand(20, 2, dtype=F64, generator=torch.Generator().manual_seed(0))
    source = x @ torch.tensor([1.0, 2.0], dtype=F64) if file == "points.csv" else x[:, 0] + 2 * x[:, 0] * x[:, 1]
    torch.testing.assert_close(residual(pde, lambda p: 0 * p[0], x), -source, rtol=1e-9, atol=1e-9)


def test_initial_and_boundary_values() -> None:
    pde = Expression(
        LINE,
        ["dt(u) = lap(u)", "dt(v) = lap(v)"],
        ["u", "v"],
        initial="state.csv",
        boundary={"left": {"u": "pulse.csv"}},
        duration=2.0,
        interpolation="cubic",
    )
    assert isinstance(pde.domain, TimeDomain)
    _, initial, left = pde.conditions()
    assert initial.prescribed is not None
    assert left.prescribed is not None
    found = initial.prescribed(torch.tensor([0.0, 0.3], dtype=F64))
    torch.testing.assert_close(found, torch.tensor([0.3, 0.7], dtype=F64))
    found = left.prescribed(torch.tensor([1.0, 0.0], dtype=F64))
    torch.testing.assert_close(found, torch.tensor([0.25, 0.0], dtype=F64))


def test_a_piecewise_linear_value_is_penalised_and_a_smooth_one_built_in() -> None:
    given: dict[str, Any] = {"boundary": {"left": "side.csv", "right": "0", "bottom": "0", "top": "0"}}
    rough = Expression(Box(), "lap(u) = 0", **given)
    assert "kink" in rough.softened["boundary_left"]
    assert not Expression(Box(), "lap(u) = 0", interpolation="cubic", **given).softened


def test_tables_that_break_under_a_derivative_are_refused() -> None:
    """A kink of k in (k u′)′ is no harm, a jump is; a kink in Δ(k u) is, too."""
    arguments: dict[str, Any] = {"coefficients": {"k": "jump.csv"}, "boundary": "0"}
    Expression(LINE, "dx(k*dx(u)) = 1", **arguments)
    with pytest.raises(ValueError, match="this jumps near"):
        Expression(LINE, "dx(k*dx(u)) = 1", interpolation="nearest", **arguments)
    with pytest.raises(ValueError, match="this has a kink near"):
        Expression(LINE, "lap(k*u) = 1", **arguments)
    Expression(LINE, "dx(k*dx(u)) = 1", interpolation="nearest", mixed=True, **arguments)


def test_a_column_of_time_makes_the_problem_one_in_time() -> None:
    pde = Expression(LINE, "lap(u) = 0", boundary={"left": "pulse.csv"}, duration=2.0)
    assert isinstance(pde.domain, TimeDomain)


WRONG: dict[str, dict[str, Any]] = {
    r"k from short\.csv reaches from 0 to 0\.9 along coordinate 1, and is asked for from 0 to 1": {
        "coefficients": {"k": "short.csv"}
    },
    r"there is no file 'missing\.csv'": {"coefficients": {"k": "missing.csv"}},
    r"needs one column 'k' beside coordinates \(x, x1\); it has x, a, b": {"coefficients": {"k": "other.csv"}},
    r"has no column of a coordinate": {"coefficients": {"k": "nowhere.csv"}},
    r"two values at the same point": {"coefficients": {"k": "twice.csv"}},
    r"pde\.interpolation=smooth is not valid": {"coefficients": {"k": "k.csv"}, "interpolation": "smooth"},
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_table_is_refused(words: str) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        Expression(LINE, "k*lap(u) = 1", boundary="0", **WRONG[words])


def test_a_table_that_does_not_reach_the_region_is_refused() -> None:
    with pytest.raises(ValueError, match=r"boundary from pulse\.csv reaches from 0 to 2 .* from 0 to 3"):
        Expression(LINE, "dt(u) = lap(u)", initial="0", boundary={"left": "pulse.csv"}, duration=3.0)
    with pytest.raises(ValueError, match=r"f from points\.csv does not reach"):
        Expression(Disk(), "lap(u) = f", coefficients={"f": "points.csv"}, boundary="0")
    with pytest.raises(ValueError, match="neither points, with one value each, nor the nodes of a grid"):
        Expression(Box(), "lap(u) = f", coefficients={"f": "odd.npz"}, boundary="0")
    with pytest.raises(ValueError, match="its points are no grid, so linear is no way"):
        Expression(Box(), "lap(u) = f", coefficients={"f": "points.csv"}, boundary="0", interpolation="linear")
