"""Measurements from files."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pinn.domains import Box, TimeDomain
from pinn.networks import Unknown
from pinn.operators import Auto
from pinn.pdes import Expression, Inverse
from pinn.pdes.derived.measurements import read_measurements

ROD = TimeDomain(1.0, Box((0.0,), (1.0,)))
FLOW = ["lap(u) = dx(p)", "lap(v) = dy(p)", "div([u, v]) = 0"]


@pytest.fixture(autouse=True)
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_columns_by_name_in_any_order() -> None:
    Path("a.csv").write_text("u,x,t\n3,0.5,0.1\n4,1,0.2\n")
    found = read_measurements("a.csv", ROD, ("u",))
    torch.testing.assert_close(found.points, torch.tensor([[0.1, 0.5], [0.2, 1.0]], dtype=torch.float64))
    torch.testing.assert_close(found.values, torch.tensor([[3.0], [4.0]], dtype=torch.float64))
    assert found.components == (0,)
    assert read_measurements("a.csv", ROD).components is None


def test_some_components_of_a_typed_system() -> None:
    Path("p.csv").write_text("x,y,p,u\n0.5,0.5,1,2\n")
    pde = Expression(Box(), FLOW, ["u", "v", "p"], boundary=["0", "0", None], measurements="p.csv")
    data = pde.conditions()[-1]
    assert data.name == "data"
    sample = data.region.from_uniform(torch.zeros(1, 1, dtype=torch.float64))
    found = data.residual(lambda x: torch.stack([x[0], x[1], x[0]]), *(part[0] for part in sample), strategy=Auto())
    torch.testing.assert_close(found, torch.tensor([-0.5, -1.5], dtype=torch.float64))


def test_an_inverse_problem_knows_its_components_by_their_names() -> None:
    Path("v.csv").write_text("x,y,v\n0.5,0.5,1\n")
    pde = Expression(Box(), ["lap(u) = k", "lap(v) = u"], ["u", "v"], {"k": 1.0}, boundary=["0", "0"])
    problem = Inverse(pde, {"k": Unknown(1.0)}, data="v.csv")
    assert problem._measured == (1,)
    assert problem.names == ("u", "v", "k")
    with pytest.raises(ValueError, match="columns of other components"):
        Inverse(pde, {"k": Unknown(1.0)}, data="v.csv", measured_components=[0])


WRONG = {
    "has no column 't'": "x,u\n0,1\n",
    "has a column 'w', which is no field; they are u": "t,x,w\n0,0,1\n",
    "has coordinates and no values": "t,x\n0,0\n",
    "1 of 2 points lie outside": "t,x,u\n0,0,1\n0,2,1\n",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_said(words: str) -> None:
    Path("a.csv").write_text(WRONG[words])
    with pytest.raises(ValueError, match=words):
        read_measurements("a.csv", ROD, ("u",))


def test_arrays_still_serve() -> None:
    np.savez("m.npz", points=np.full((3, 2), 0.5), values=np.ones(3))
    assert read_measurements("m.npz", ROD, ("u",)).values.shape == (3, 1)
    np.savez("g.npz", t=np.full((2, 2), 0.5), x=np.full((2, 2), 0.5), u=np.ones((2, 2)))
    assert read_measurements("g.npz", ROD, ("u",)).points.shape == (4, 2)
