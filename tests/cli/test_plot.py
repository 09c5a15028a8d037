"""`pinn plot`: its help, and the names that its plots go by in theirs."""

import sys

import pytest

from pinn.cli import plot


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pinn plot"])


def test_without_a_plot_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        plot.main([])
    assert stopped.value.code == 2
    told = capsys.readouterr().out
    for name in plot.PLOTS:
        assert f"\n  {name} " in told


@pytest.mark.parametrize("name", plot.PLOTS)
def test_each_plot_has_its_name_in_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        plot.main([name, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: pinn plot {name} [-h]")


def test_an_unknown_plot_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        plot.main(["solutoin"])
    assert stopped.value.code == 2
    assert "invalid choice: 'solutoin'" in capsys.readouterr().err.splitlines()[-1]
