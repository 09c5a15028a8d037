"""A run folder belongs to one run, and to one process at a time."""

import contextlib
import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

LOCK = ".lock"
"""The file in a run folder that the process at work holds; what it says is for people, the kernel keeps the lock."""
UNDERWAY = "checkpoints"
"""The folder, within that of the run, of the checkpoints on its way."""
_LEFT = ("checkpoint.pt", "summary.json", "solution.npz")
_UNLOCKABLE = (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS)
_held: dict[Path, int] = {}


class FolderInUseError(ValueError):
    """Another process is at work in the folder."""


def left_by_a_run(folder: Path) -> str | None:
    """The first file of a run in a folder; None if there is none to lose, as where one was killed at its start."""
    names = (*_LEFT, *(f"{UNDERWAY}/{path.name}" for path in sorted(folder.glob(f"{UNDERWAY}/*.pt"))))
    return next((name for name in names if os.path.lexists(folder / name)), None)


def folder_of(source: Path) -> Path:
    """The run folder of what `resume=` names: itself, or a file in it or in its folder of checkpoints."""
    if not source.is_file():
        return source
    return source.parent.parent if source.parent.name == UNDERWAY else source.parent


def refuse_used(folder: Path) -> None:
    """Raise ValueError for a folder in which a run has left something."""
    if left := left_by_a_run(folder):
        raise ValueError(
            f"{str(folder)!r} is the folder of another run: it has {left}. Go on with that by resume={folder}, or give "
            "this one a folder of its own: hydra.run.dir=…"
        )


def hold(folder: Path) -> None:
    """Take the folder, which is made, for this process until `release` or its end, whatever ends it.

    Raises FolderInUseError if another process has it. The lock is the kernel's (flock, which NFS hands to its server),
    and goes with the process: a file that was left behind by one that was killed holds nothing.
    """
    key = folder.resolve()
    if key in _held:
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            _lock(handle, folder)
        except BaseException:
            os.close(handle)
            raise
        if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
            break
        os.close(handle)  # the one before us has just removed the file that we have locked
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    _held[key] = handle
    try:
        os.write(handle, json.dumps(owner).encode())
    except OSError:  # on a full disk, where nothing can begin
        release(folder)
        raise


def release(folder: Path) -> None:
    """Give the folder back, if this process has it."""
    handle = _held.pop(folder.resolve(), None)
    if handle is not None:
        (folder / LOCK).unlink(missing_ok=True)
        os.close(handle)


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """The folder for this process alone while the block lasts, also if `hold` has taken it before."""
    hold(folder)
    try:
        yield
    finally:
        release(folder)


def _lock(handle: int, folder: Path) -> None:
    if fcntl is None:
        return _look_at_owner(handle, folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderInUseError(_words(folder, _owner(handle))) from None
    except OSError as error:
        if error.errno not in _UNLOCKABLE:
            raise
        _look_at_owner(handle, folder)


def _look_at_owner(handle: int, folder: Path) -> None:
    """Without locks of the system: refuse if the owner is alive, or on a machine where that cannot be seen."""
    owner = _owner(handle)
    if owner and (owner.get("host") != socket.gethostname() or _alive(owner.get("pid"))):
        raise FolderInUseError(f"{_words(folder, owner)} If that process has ended, remove {str(folder / LOCK)!r}.")


def _alive(pid: object) -> bool:
    if not isinstance(pid, int) or os.name == "nt":  # there, signal 0 would end the process
        return isinstance(pid, int)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return pid != os.getpid()


def _owner(handle: int) -> dict[str, object]:
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        owner = json.loads(os.read(handle, 1000) or b"{}")
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _words(folder: Path, owner: dict[str, object]) -> str:
    who = (
        f"process {owner['pid']} on {owner.get('host')}, since {owner.get('since')}" if "pid" in owner else "a process"
    )
    return (
        f"{str(folder)!r} is in use by another run ({who}). Wait for its end, or take another folder: hydra.run.dir=…"
    )
