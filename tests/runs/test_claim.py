"""A run folder belongs to one run, and to one process at a time."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from pinn.runs import claim
from pinn.runs.claim import LOCK, FolderInUseError, claimed, hold, left_by_a_run, refuse_used, release


def child_that_holds(folder: Path) -> int:
    """A process that has the folder until it is killed."""
    read, write = os.pipe()
    if not (child := os.fork()):
        try:
            hold(folder)
            os.write(write, b"1")
            time.sleep(60)
        finally:
            os._exit(0)
    assert os.read(read, 1) == b"1"
    return child


def end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_folder_in_use_is_refused_and_one_of_a_killed_process_is_free(tmp_path: Path) -> None:
    child = child_that_holds(tmp_path)
    try:
        with pytest.raises(FolderInUseError, match=rf"process {child} on {socket.gethostname()}, since 20"):
            hold(tmp_path)
    finally:
        end(child)
    assert (tmp_path / LOCK).is_file()  # stale
    with claimed(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert not (tmp_path / LOCK).exists()


def test_what_is_held_may_be_claimed_by_the_same_process(tmp_path: Path) -> None:
    hold(tmp_path)
    with claimed(tmp_path):
        pass
    child = child_that_holds(tmp_path)  # it is free again
    end(child)
    release(tmp_path)
    release(tmp_path)


def test_without_locks_of_the_system_the_owner_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "fcntl", None)
    for owner, free in (
        ({"pid": os.getppid(), "host": socket.gethostname()}, False),
        ({"pid": 2**22 + 1, "host": socket.gethostname()}, True),  # above Linux' largest
        ({"pid": 1, "host": "another"}, False),
        ("damaged", True),
    ):
        (tmp_path / LOCK).write_text(json.dumps(owner))
        if free:
            with claimed(tmp_path):
                pass
        else:
            with pytest.raises(FolderInUseError, match="If that process has ended, remove"):
                hold(tmp_path)


def test_one_of_many_gets_the_folder(tmp_path: Path) -> None:
    """Twenty processes at once, some of which take it after another has given it back: never two at a time."""
    children = []
    for _ in range(20):
        if not (child := os.fork()):
            code = 2
            try:
                for _ in range(20):
                    try:
                        with claimed(tmp_path):
                            os.close(os.open(tmp_path / "alone", os.O_CREAT | os.O_EXCL))
                            time.sleep(0.001)
                            (tmp_path / "alone").unlink()
                    except FolderInUseError:
                        time.sleep(0.001)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 20


@pytest.mark.parametrize("name", ["checkpoint.pt", "summary.json", "checkpoints/step-000000001.pt"])
def test_a_used_folder_is_refused(name: str, tmp_path: Path) -> None:
    assert left_by_a_run(tmp_path) is None
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "metrics.csv").touch()
    refuse_used(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rf"it has {name}. Go on with that by resume="):
        refuse_used(tmp_path)
