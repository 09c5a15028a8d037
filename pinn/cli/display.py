"""Standard output and error that may be lost: a closed terminal, or a pipe whose reader has had enough, ends no run."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

_GONE = (errno.EPIPE, errno.EIO, errno.ENXIO, errno.ESHUTDOWN)


class LastingStream:
    """A stream of text that drops what cannot be written any more; in all else it is the stream within."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop, the text."""
        with self._tolerant():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what is kept back."""
        with self._tolerant():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _tolerant(self) -> Iterator[None]:
        try:
            yield
        except ValueError:  # closed
            return
        except OSError as error:
            if error.errno in _GONE:  # what is still kept back, and all that follows, goes nowhere
                with contextlib.suppress(OSError, ValueError):
                    nowhere = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(nowhere, self._stream.fileno())
                    os.close(nowhere)


@contextlib.contextmanager
def lasting_display() -> Iterator[None]:
    """Let the standard streams be such ones while the block lasts."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (
        stream if stream is None or isinstance(stream, LastingStream) else LastingStream(stream) for stream in before
    )
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, LastingStream):
                stream.flush()
        sys.stdout, sys.stderr = before
