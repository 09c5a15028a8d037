"""A network that begins with the weights of another run: `init_from=RUN`."""

from pathlib import Path

import pytest
import torch

from pinn import load_run
from pinn.networks import MLP
from pinn.runs.checkpoint import load_checkpoint
from pinn.runs.warm_start import read_start, start_from
from tests.trained_run import trained_run

FEW = ["sampler.interior=40", "sampler.boundary=10", "optimizer=adam", "plots=false"]
TINY = ["network.width=6", "network.depth=2", *FEW]
HEAT = ["pde=expression", 'pde.equation="dt(u) = k*lap(u)"', 'pde.initial="sin(pi*x)"', 'pde.boundary="0"']
HEAT += ["domain=interval"]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warm") / "first"
    trained_run(folder, *HEAT, "pde.coefficients.k=0.1", *TINY, "steps=60")
    return folder


def test_another_parameter_begins_where_the_first_run_ended(first: Path, tmp_path: Path) -> None:
    """At a rate of nothing the network stays what it was: that of the first run, whose network it takes, too."""
    few = [*FEW, "optimizer.lr=1e-300", "optimizer.final_lr=0", "steps=1"]
    trained_run(tmp_path / "second", *HEAT, "pde.coefficients.k=0.2", *few, f"init_from={first}")
    u, v = load_run(first), load_run(tmp_path / "second")
    x = torch.rand(20, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(v(x), u(x), rtol=1e-12, atol=1e-12)
    assert v.config["init_from"] == "run_data/init_from.pt"
    kept = load_checkpoint(tmp_path / "second" / "run_data" / "init_from.pt")
    assert kept.state is None
    torch.testing.assert_close(kept.weights, load_checkpoint(first / "checkpoint.pt").weights)
    assert f"begins with the weights of {first}" in (tmp_path / "second" / "train.log").read_text()


def test_another_domain_is_the_same_function_of_its_own_coordinates() -> None:
    narrow, wide = (MLP(inputs=1, width=5, depth=1, bounds=((0.0,), (b,))).double() for b in (1.0, 2.0))
    start_from(wide, narrow.state_dict(), "RUN")
    x = torch.rand(9, 1, dtype=torch.float64)
    torch.testing.assert_close(wide(2 * x), narrow(x))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("network.width=7", "its network is another one than this: width is 6 there and 7 here"),
        ("network=siren", "its network is another one than this: _target_ is"),
        ("domain=square", r"has the shape \(6, 2\) there and \(6, 3\) here"),
    ],
)
def test_another_architecture_is_refused_by_name(first: Path, tmp_path: Path, word: str, said: str) -> None:
    words = [*HEAT, "pde.coefficients.k=0.2", *TINY, "steps=1", word, f"init_from={first}"]
    with pytest.raises(SystemExit, match=said):
        trained_run(tmp_path / "other", *words)


def test_what_is_no_run_is_refused(first: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="init_from=nowhere: there is no such run folder"):
        read_start("nowhere")
    (tmp_path / "bad.pt").write_text("hello")
    with pytest.raises(ValueError, match="is damaged or not a checkpoint"):
        read_start(str(tmp_path / "bad.pt"))
    with pytest.raises(ValueError, match="which is not in the run folder"):
        read_start(str(first / "checkpoint.pt"), root=tmp_path)
