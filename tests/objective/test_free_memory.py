"""How much memory is free, on the machine and in the container."""

from pathlib import Path

import torch

from pinn.objective.free_memory import available_bytes, control_groups


def test_the_memory_of_this_machine_is_known() -> None:
    free = available_bytes(torch.device("cpu"))
    assert free is None or 2**20 < free < 2**50
    assert available_bytes(torch.device("meta")) is None


def group(folder: Path, limit: str, used: int, files: int, version: int) -> None:
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip(names, (limit, str(used)), strict=True):
        (folder / name).write_text(text + "\n")
    key = "inactive_file" if version == 2 else "total_inactive_file"
    (folder / "memory.stat").write_text(f"anon 5\n{key} {files}\n")


def test_limits_of_version_2_are_those_of_the_group_and_of_all_around_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/a/b\n")
    group(tmp_path / "a" / "b", "1000", 600, 100, 2)
    group(tmp_path / "a", "max", 10, 0, 2)
    assert list(control_groups(tmp_path, own)) == [500]
    group(tmp_path / "a", "700", 650, 0, 2)
    assert sorted(control_groups(tmp_path, own)) == [50, 500]


def test_limits_of_version_1_and_of_a_container_that_sees_its_group_at_the_top(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("4:cpu,memory:/docker/abc\n3:cpuset:/\n0::/\n")
    group(tmp_path / "memory", "9223372036854771712", 600, 0, 1)
    assert list(control_groups(tmp_path, own)) == []
    group(tmp_path / "memory", "1000", 600, 20, 1)
    assert list(control_groups(tmp_path, own)) == [420]
