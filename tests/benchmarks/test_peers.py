"""Each tool really trains on the same problem, and the benchmark compares them by turns. No test looks at a time."""

import importlib.util
import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import peer_programs as peers
from benchmarks import peers as benchmark_peers
from benchmarks.peer_programs import PROGRAMS, Pace, Problem, Values, relative_l2
from benchmarks.peers import Chunk

SMALL = Problem(width=12, depth=1, interior=100, boundary=40, lr=1e-2)
TINY = ["--chunk", "2", "--repeats", "3", "--dtype", "float32"]


class Stop(Exception):
    """Enough steps."""


class Watch(Pace):
    """Keeps the values at one point and the last error."""

    def __init__(self, steps: int) -> None:
        self.steps, self.values, self.error = steps, [], np.nan

    def stepped(self, u: Values, compile_s: float = 0.0) -> None:
        self.values.append(float(u(np.array([[0.3, 0.4]]))[0]))
        if len(self.values) == self.steps:
            self.error = relative_l2(u)
            raise Stop


@pytest.fixture(autouse=True)
def _default_dtype() -> Iterator[None]:
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if "compiled" not in name])
def test_each_tool_trains_at_every_step(name: str) -> None:
    pytest.importorskip(PROGRAMS[name].module)
    watch = Watch(200)
    with pytest.raises(Stop):
        PROGRAMS[name].run(SMALL, watch)
    assert np.all(np.diff(watch.values) != 0)
    assert watch.error < 0.6


@pytest.mark.parametrize("name", ["pinn auto compiled", "pinn jet compiled"])
def test_compiled_training_takes_the_same_steps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.objective.compilation.inductor", lambda graph, inputs: graph)
    problem = Problem(width=4, depth=1, interior=20, boundary=8, dtype="float64")
    ours, eager = Watch(3), Watch(3)
    with pytest.raises(Stop):
        PROGRAMS[name].run(problem, ours)
    with pytest.raises(Stop):
        PROGRAMS["pinn jet"].run(problem, eager)
    np.testing.assert_allclose(ours.values, eager.values, rtol=1e-10)


def test_points_of_the_boundary_are_on_all_sides() -> None:
    edge = peers._boundary(Problem(boundary=400)).numpy()
    sides = [np.isclose(edge[:, k], end) for k in range(2) for end in (0.0, 1.0)]
    assert [int(side.sum()) for side in sides] == [100] * 4
    assert np.any(sides, axis=0).all()


def test_the_error_is_relative_to_the_solution() -> None:
    def exact(x):
        return np.sin(np.pi * x[:, 0]) * np.sin(np.pi * x[:, 1])

    assert relative_l2(exact) == 0
    assert relative_l2(lambda x: 0.9 * exact(x)) == pytest.approx(0.1)


def test_a_tool_trains_only_while_it_is_asked_to() -> None:
    problem = Problem(width=4, depth=1, interior=20, boundary=8)
    with benchmark_peers.trainers(["plain torch"], problem, 1) as (tool,):
        chunks = [tool.steps(count) for count in (1, 50)]
    assert all(chunk.seconds > 0 for chunk in chunks)
    assert chunks[0].seconds < chunks[1].seconds
    watch = Watch(52)  # the first step is taken before it is asked
    with pytest.raises(Stop):
        PROGRAMS["plain torch"].run(problem, watch)
    assert chunks[1].error == pytest.approx(watch.error)


class Metronome(benchmark_peers.Trainer):
    """A tool that takes exact times: 4 ms for a step of plain torch, 1 ms for one of ours."""

    def __init__(self, name: str, problem: Problem, threads: int) -> None:
        self.name = name

    def steps(self, count: int) -> Chunk:
        return Chunk(count * (1e-3 if "pinn" in self.name else 4e-3), 0.0, 0.5)

    def close(self) -> None:
        pass


@pytest.fixture
def _exact_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_peers, "Trainer", Metronome)


@pytest.mark.usefixtures("_exact_times")
def test_times_of_steps_are_ratios_to_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new" / "peers.json"
    assert benchmark_peers.main([*TINY, "--tools", "plain torch", "pinn jet", "--json", str(file)]) == 0
    figures = json.loads(file.read_text(encoding="utf-8"))
    (row,) = figures["rows"]
    assert row["dtype"] == "float32"
    assert row["seconds"] == pytest.approx({"plain torch": 4e-3, "pinn jet": 1e-3})
    assert row["ratio"]["pinn jet"] == pytest.approx({"plain torch": 4.0, "pinn jet": 1.0})
    assert figures["settings"]["threads"] == 1
    assert "| plain torch |      4.00 |      4.00x |" in capsys.readouterr().out


@pytest.mark.usefixtures("_exact_times")
def test_errors_against_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {suffix: tmp_path / "new" / f"peers.{suffix}" for suffix in ("json", "png")}
    options = ["--tools", "plain torch", "--seconds", "0.02", "--json", str(files["json"]), "--plot", str(files["png"])]
    assert benchmark_peers.main([*TINY, *options]) == 0
    curve = json.loads(files["json"].read_text(encoding="utf-8"))["rows"][0]["curves"]["plain torch"]
    np.testing.assert_allclose(curve, [(8e-3, 0.5), (16e-3, 0.5), (24e-3, 0.5)])
    assert files["png"].stat().st_size > 10_000
    assert "Relative L2 error after" in capsys.readouterr().out


def test_a_tool_that_fails_is_named() -> None:
    ours, theirs = multiprocessing.Pipe()
    theirs.send("Traceback: no such dtype")
    tool = benchmark_peers.Trainer.__new__(benchmark_peers.Trainer)
    tool.name, tool._pipe = "plain torch", ours
    with pytest.raises(RuntimeError, match=r"plain torch failed:\nTraceback: no such dtype"):
        tool._receive()
    theirs.close()
    with pytest.raises(RuntimeError, match="without a word"):
        tool._receive()


def test_tools_that_are_missing_say_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "deepxde" else find(name))
    assert benchmark_peers.installed(["DeepXDE", "pinn jet"]) == ["pinn jet"]
    assert "DeepXDE is left out: it is not installed (pip install deepxde)." in capsys.readouterr().out


def test_a_plot_without_seconds_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmark_peers.main(["--plot", "x.png"])
    assert "--seconds" in capsys.readouterr().err
