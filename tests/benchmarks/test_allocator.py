"""The benchmark of the allocator: both rows, each from a process of its own."""

import pytest

from benchmarks import allocator


def test_both_ways_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert allocator.main(["--steps", "2", "--blocks", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    given_back, kept = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])
    assert [given_back[0], kept[0]] == ["given back", "kept"]
    assert all(float(number) >= 0 for number in given_back[1:] + kept[1:])


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(SystemExit):
        allocator.main(["--steps", "0"])
