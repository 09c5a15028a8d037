"""Files that are whole or not there: written beside their place, brought to the disk, then moved into place."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PART = ".part"
"""What the name of a file ends with while it is being written."""


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` if the block ends without an error; otherwise `path` is as it was.

    The folder is made if there is none. What the disk refuses (no room, no permission) is an OSError.

        with atomic_write(folder / "summary.json") as temporary:
            temporary.write_text(text, encoding="utf-8")
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + PART)
    temporary.unlink(missing_ok=True)  # of a process that was killed, or a link that leads elsewhere
    try:
        yield temporary
        with temporary.open("rb+") as file:  # without fsync a power cut could leave the new name with no content
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
