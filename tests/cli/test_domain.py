"""`pinn domain NAME`: what a domain is, in lines and in a picture."""

from pathlib import Path

import pytest

from pinn.cli import domain


@pytest.fixture(autouse=True)
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_parts_and_picture(capsys: pytest.CaptureFixture[str]) -> None:
    assert domain.main(["box", "domain.upper=[2,1]", "domain.tags.inlet=x < 1e-9 and y > 0.5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["x from 0 to 2, y from 0 to 1", "area 2, boundary: length 6"]
    assert [line.split()[0] for line in lines[3:8]] == ["left", "right", "bottom", "top", "inlet"]
    assert lines[7].split()[1:] == ["length", "0.5", "values", "are", "penalised"]
    assert Path(lines[-1]).is_file()


def test_the_domain_of_a_problem_and_one_without_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    assert domain.main(["pde=lid_driven_cavity", "--output", "cavity.svg"]) == 0
    assert Path("cavity.svg").is_file()
    assert domain.main(["box_5d"]) == 0
    assert not Path("box_5d.png").exists()
    assert "measure 1, boundary: measure 10" in capsys.readouterr().out


WRONG = {
    "there is no domain=nosuch": ["nosuch"],
    "Disk needs a radius > 0": ["disk", "domain.radius=-1"],
    "belongs to the part 'a'": ["disk", "domain.tags.a=x < -5"],
    "expected a name that ends in .png": ["disk", "--output", "a.txt"],
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_one_ends_in_one_line(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert domain.main(WRONG[words]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1
