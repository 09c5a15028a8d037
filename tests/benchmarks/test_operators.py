"""The benchmark of the operators runs, measures what it says, and writes its figures. No test looks at a time."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import operators as benchmark_operators
from benchmarks.operator_cases import LOOP

TINY = [
    "--repeats",
    "2",
    "--sizes",
    "3",
    "5",
    "--points",
    "4",
    "--dimensions",
    "1",
    "2",
    "--width",
    "3",
    "--depth",
    "1",
]
TINY += ["--compiled", "--dtype", "float32"]
EAGER = {LOOP, "Rows", "Eye", "ForwardOverReverse", "Jet"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark") / "new"
    output = ["--json", str(folder / "operators.json"), "--plot", str(folder / "operators.png")]
    assert benchmark_operators.main([*TINY, *output]) == 0
    return folder


@pytest.fixture(scope="module")
def figures(folder: Path) -> dict:
    return json.loads((folder / "operators.json").read_text(encoding="utf-8"))


def test_settings_are_recorded(figures: dict) -> None:
    settings = figures["settings"]
    assert settings["device"] == "cpu"
    assert settings["dtype"] == ["float32"]
    assert (settings["repeats"], settings["sizes"], settings["points"]) == (2, [3, 5], 4)
    assert settings["torch"] == torch.__version__
    assert settings["cpu"]


def test_elementwise_rows(figures: dict) -> None:
    rows = figures["elementwise"]
    assert [(row["n"], row["order"]) for row in rows] == [(3, 1), (3, 2), (5, 1), (5, 2)]
    for row in rows:
        assert row["seconds"].keys() == row["ratio"].keys() == {"v=1", "v=I", "v=I by 16", "v=e_i"}
        assert all(seconds > 0 for seconds in row["seconds"].values())
        assert row["ratio"]["v=1"] == 1


def test_every_case_has_its_tasks(figures: dict) -> None:
    found = [(row["case"], row["d"], row["task"]) for row in figures["networks"]]
    cases = [("Δu", 1), ("Δu", 2), ("u…u_xxx", 1), ("u…u_xxxx", 1), ("Δ²u", 2)]
    expected = [(*case, task) for case in cases for task in ("operator", "step", "memory")]
    assert found == [*expected, ("∂Δu/∂θ", 1, "jacobian"), ("∂Δu/∂θ", 2, "jacobian")]


def test_every_figure_is_a_ratio_to_the_loop(figures: dict) -> None:
    for row in figures["networks"]:
        ratio = row["ratio"] if row["task"] == "memory" else row["speedup"]
        assert ratio.keys() == EAGER
        assert ratio[LOOP] == 1
        assert all(value > 0 for value in ratio.values())
        assert row["dtype"] == "float32"


def test_the_plot_is_written(folder: Path) -> None:
    assert (folder / "operators.png").stat().st_size > 10_000


def test_the_tables_are_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark_operators.main([*TINY, "--cases", "elementwise", "laplacian", "--strategies", "Jet"]) == 0
    text = capsys.readouterr().out
    for head in ("v=I / v=1 |", "| loop [ms] |", "| loop [MB] |"):
        assert head in text
    assert "| ---" in text


def test_compiled_graphs_take_part_and_say_what_they_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.objective.compilation.inductor", lambda graph, inputs: graph)
    file = tmp_path / "operators.json"
    options = ["--cases", "laplacian", "--tasks", "step", "--dimensions", "2", "20", "--compiled", "loop", "Jet"]
    assert benchmark_operators.main([*TINY, *options, "--json", str(file)]) == 0
    low, high = json.loads(file.read_text(encoding="utf-8"))["networks"]
    assert low["speedup"].keys() == EAGER | {"loop compiled", "Jet compiled"}
    assert high["speedup"].keys() == EAGER | {"Jet compiled"}
    assert low["compile_s"].keys() == {"loop compiled", "Jet compiled"}
    assert all(spent > 0 for spent in low["compile_s"].values())


def test_what_cannot_be_compiled_is_no_compiled_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(graph: object, inputs: object) -> None:
        raise NotImplementedError("no compiler here")

    monkeypatch.setattr("pinn.objective.compilation.inductor", broken)
    with pytest.raises(RuntimeError, match="could not be compiled"):
        benchmark_operators.main([*TINY, "--cases", "third", "--compiled", "Jet"])


def test_calls_expected_to_exceed_the_limit_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "operators.json"
    benchmark_operators.main([*TINY, "--cases", "elementwise", "third", "--limit", "0", "--json", str(file)])
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert [row["seconds"].keys() == {"v=1"} for row in figures["elementwise"]] == [False, False, True, True]
    assert all(row.get("speedup", row.get("ratio")).keys() == {LOOP} for row in figures["networks"])


def test_what_is_timed_is_the_derivative() -> None:
    x = torch.linspace(-1, 1, 7, dtype=torch.float64)
    for strategy in benchmark_operators.ELEMENTWISE.values():
        torch.testing.assert_close(benchmark_operators.elementwise_derivative(1, x, strategy), x.cos())
        torch.testing.assert_close(benchmark_operators.elementwise_derivative(2, x, strategy), -x.sin())


@pytest.mark.parametrize(
    "wrong", [["--repeats", "0"], ["--sizes", "-3"], ["--dtype", "int"], ["--device", "abacus"], ["--cases", "curl"]]
)
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        benchmark_operators.main(wrong)
    assert stopped.value.code == 2
    assert wrong[1].strip("-") in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_without_cuda_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmark_operators.main(["--device", "cuda"])
    assert "use --device cpu" in capsys.readouterr().err
