"""Bars of ratios: drawn to a file, and nothing drawn of nothing."""

from pathlib import Path

import pytest

from pinn.plotting.bars import bar_figure


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_a_figure_is_written(tmp_path: Path, suffix: str) -> None:
    panels = {"step": {"a": {"x": 0.5, "y": 3.0}, "b": {"y": 1.0}}, "operator": {"a": {"x": 7.0}}}
    path = bar_figure(panels, "times faster", tmp_path / "new" / f"bars.{suffix}")
    assert path.stat().st_size > 1000


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no ratios"):
        bar_figure({}, "times faster", tmp_path / "bars.png")
