"""The history of a run, also of one that still goes on or has no exact solution."""

from pathlib import Path

import pytest
from matplotlib.image import imread

from pinn.plotting.history import plot_history
from pinn.runs.metrics import METRICS


@pytest.mark.parametrize("rows", [1, 3])
def test_history_without_exact_solution(rows: int, tmp_path: Path) -> None:
    lines = [f"{k},0.{k},adam,{1 / (k + 1)},nan,nan" for k in range(rows)]
    (tmp_path / METRICS).write_text("\n".join(["step,seconds,method,loss,rel_l2,max_error", *lines, "7,0."]))
    (path,) = plot_history(tmp_path, tmp_path)
    height, width, _ = imread(path).shape
    assert width > 2 * height  # the row of errors is left out


@pytest.mark.parametrize(
    ("content", "message"), [("step,seconds,method,loss\n", "records no steps"), ("a,b\n1,2\n", "damaged")]
)
def test_history_refuses_an_unusable_file(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / METRICS).write_text(content)
    with pytest.raises(ValueError, match=message):
        plot_history(tmp_path, tmp_path)
