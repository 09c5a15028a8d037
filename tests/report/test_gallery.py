"""The page of the gallery: what it shows of a run, of a failure, and of texts that look like HTML."""

import json
from pathlib import Path

from pinn.report.gallery import CONFIGS, Entry, names, write_gallery

SUMMARY = {
    "rel_l2": 0.00123,
    "max_error": None,
    "wall_s": 19.6,
    "steps": 70,
    "parameters": 697,
    "dtype": "float64",
    "device": "<cpu>",
    "unknowns": {"<b>k</b>": {"value": 0.1, "deviation": 0.001}},
}


def test_every_problem_has_an_equation_to_show() -> None:
    for name in names():
        assert Entry(name, Path()).equation.strip()


def test_settings_name_their_problem() -> None:
    for path in (CONFIGS / "experiment" / "gallery").glob("*.yaml"):
        assert path.stem in names()
        assert f"override /pde: {path.stem}\n" in path.read_text(encoding="utf-8")


def test_a_problem_has_its_figures_and_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "heat's"
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps(SUMMARY))
    (folder / "history.png").touch()
    entry = Entry("heat", folder)
    assert entry.row()[2:] == ["1.2e-03", "nan", "20", "697", "pinn train pde=heat"]
    page = write_gallery([entry], tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "1 problems" in page
    assert "error <b>1.2e-03</b> after 20 s; 70 steps, 697 parameters, float64 on &lt;cpu&gt;" in page
    assert "<li>&lt;b&gt;k&lt;/b&gt; = 0.1 ± 0.002</li>" in page
    assert 'src="../runs/heat&#39;s/history.png" alt="heat: history"' in page
    assert "comparison" not in page


def test_a_failure_is_told(tmp_path: Path) -> None:
    (tmp_path / "failure.txt").write_text("width=<3>\n")
    page = write_gallery([Entry("heat", tmp_path)], tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<p class="failed">width=&lt;3&gt;</p>' in page
    assert "<td>failed: width=&lt;3&gt;</td>" in page
