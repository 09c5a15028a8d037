"""Files that are whole or not there."""

import os
import resource
import signal
from pathlib import Path

import pytest

from pinn.runs.atomic_write import atomic_write


def test_the_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    with atomic_write(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")

    def stopped_half_way() -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        stopped_half_way()
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "a.txt", []
    fsync = os.fsync

    def spy(descriptor: int) -> None:
        seen.append((os.pread(descriptor, 100, 0), path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    with atomic_write(path) as temporary:
        temporary.write_text("whole")
    assert seen == [(b"whole", False)]


def test_a_full_disk_is_an_os_error(tmp_path: Path) -> None:
    """With a limit on the size of files, as if the disk were full, writing fails half-way."""
    child = os.fork()
    if not child:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
            with pytest.raises(OSError, match="File too large"), atomic_write(tmp_path / "a") as temporary:
                temporary.write_bytes(bytes(1000))
            assert not list(tmp_path.iterdir())
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


def test_a_folder_in_its_place_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(OSError), atomic_write(tmp_path / "a") as temporary:
        temporary.write_text("text")
    with pytest.raises(OSError), atomic_write(tmp_path / "missing.txt"):
        pass  # nothing was written
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_half_written_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "a.part").symlink_to(tmp_path / "precious")
    with atomic_write(tmp_path / "a") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "a").read_text() == "new"
