"""The benchmark of the operators runs, measures what it says, and writes its figures. No test looks at a time."""

import json
from pathlib import Path

import benchmark_operators
import pytest
import torch

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


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict:
    file: Path = tmp_path_factory.mktemp("benchmark") / "new" / "operators.json"
    assert benchmark_operators.main([*TINY, "--dtype", "float32", "--json", str(file)]) == 0
    return json.loads(file.read_text())


def test_settings_are_recorded(figures: dict) -> None:
    settings = figures["settings"]
    assert settings["device"] == "cpu"
    assert settings["dtype"] == "torch.float32"
    assert (settings["repeats"], settings["sizes"], settings["points"]) == (2, [3, 5], 4)
    assert settings["torch"] == torch.__version__


def test_elementwise_rows(figures: dict) -> None:
    rows = figures["elementwise"]
    assert [(row["n"], row["order"]) for row in rows] == [(3, 1), (3, 2), (5, 1), (5, 2)]
    for row in rows:
        assert row["seconds"].keys() == row["ratio"].keys() == {"v=1", "v=I", "v=I by 16", "v=e_i"}
        assert all(seconds > 0 for seconds in row["seconds"].values())
        assert row["ratio"]["v=1"] == 1


def test_laplacian_rows(figures: dict) -> None:
    rows = figures["laplacian"]
    assert [(row["d"], row["task"]) for row in rows] == [(1, "operator"), (1, "step"), (2, "operator"), (2, "step")]
    for row in rows:
        assert row["seconds"].keys() == row["ratio"].keys()
        assert {"loop", "Rows", "Eye", "ForwardOverReverse", "Auto"} <= row["ratio"].keys()
        assert row["ratio"]["loop"] == 1


def test_the_table_has_a_ratio_in_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark_operators.main(TINY) == 0
    text = capsys.readouterr().out
    assert "v=I / v=1" in text
    assert "Eye / loop" in text


def test_calls_expected_to_exceed_the_limit_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "operators.json"
    benchmark_operators.main([*TINY, "--limit", "0", "--json", str(file)])
    rows = json.loads(file.read_text())["elementwise"]
    assert [row["seconds"].keys() == {"v=1"} for row in rows] == [False, False, True, True]


def test_what_is_timed_is_the_derivative_and_the_laplacian() -> None:
    x = torch.linspace(-1, 1, 7, dtype=torch.float64)
    for strategy in benchmark_operators.ELEMENTWISE.values():
        torch.testing.assert_close(benchmark_operators.elementwise_derivative(1, x, strategy), x.cos())
        torch.testing.assert_close(benchmark_operators.elementwise_derivative(2, x, strategy), -x.sin())


def test_every_laplacian_that_is_timed_is_right() -> None:
    class Quartic(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x**4).sum(-1, keepdim=True) + x.prod(-1, keepdim=True)

    points = torch.rand(5, 3, dtype=torch.float64)
    truth = (12 * points**2).sum(-1)
    for create_graph in (True, False):
        torch.testing.assert_close(benchmark_operators.loop_laplacian(Quartic(), points, create_graph), truth)
    for strategy in benchmark_operators.NETWORK.values():
        torch.testing.assert_close(benchmark_operators.pointwise_laplacian(Quartic(), points, strategy), truth)


@pytest.mark.parametrize("wrong", [["--repeats", "0"], ["--sizes", "-3"], ["--dtype", "int"], ["--device", "abacus"]])
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
