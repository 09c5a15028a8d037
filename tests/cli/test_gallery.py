"""The gallery: a page and a table of what was trained, failures included."""

from pathlib import Path

import pytest

from pinn.cli import gallery


@pytest.mark.slow
def test_a_page_of_two_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["steps=3", "--only", "poisson", "pendulum", "--out", str(tmp_path)]
    assert gallery.main(given) == 0
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "poisson/comparison.png" in page
    assert "experiment=gallery/pendulum" in page
    assert capsys.readouterr().out.count("| ") > 10
    assert gallery.main([*given, "--report"]) == 0


def test_a_failure_is_shown_and_ends_nothing(tmp_path: Path) -> None:
    assert gallery.main(["steps=0", "--only", "poisson", "--out", str(tmp_path)]) == 1
    assert "steps &gt;= 1" in (tmp_path / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_run_in_doubt_is_no_failure_and_the_page_says_the_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a damping beyond all bounds no step is taken, and training stalls where it began."""
    stuck = ["pde=heat", "optimizer=lm", "optimizer.damping=1e35"]
    monkeypatch.setattr(gallery.Entry, "settings", property(lambda entry: stuck))
    assert gallery.main(["steps=3", "--only", "heat", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Do not believe this run: training has stalled" in page
    assert "in doubt" in page
    assert "do not believe it" in capsys.readouterr().out


def test_arguments_are_checked(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        gallery.main(["budget"])
    assert gallery.main(["--report", "--out", str(tmp_path)]) == 1


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert gallery.main(["--report", "--out", str(tmp_path / "file" / "gallery")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    entry = gallery.Entry("poisson", tmp_path)
    given = ["budget_s=20", "network.width=4"]
    assert gallery._words(entry, given) == [*entry.settings, f"hydra.run.dir={tmp_path}", *given]
    (tmp_path / "checkpoint.pt").touch()
    assert gallery._words(entry, given) == [f"resume={tmp_path}", "budget_s=20"]
