"""SIGINT, SIGTERM and SIGHUP as a wish: the step is finished, and the run is saved before the process ends."""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

log = logging.getLogger("pinn")

AT_ONCE_S = 0.8
"""How long a second SIGINT waits for Python, which may be in the midst of a long operation of torch."""
ABANDON_S = 5.0
"""How long a step may go on after the first signal, if a compiler is at work in it."""
_WISHES = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class AbandonedStepError(KeyboardInterrupt):
    """A step was left in its midst, since a signal had come and it did not end; no `except Exception` stops this."""


class SignalHandler:
    """While it is entered, `signal` is the first SIGINT, SIGTERM or SIGHUP that came, None before.

    A second SIGINT stops at once, as KeyboardInterrupt, or, if Python does not get to that within a second, by the end
    of the process. Signals that were ignored before, as by nohup, stay ignored. Threads other than the main one get no
    signals; there nothing ever comes.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._impatient = False
        self._late = False
        self._ended = threading.Event()

    def __enter__(self) -> "SignalHandler":
        self._before = {}
        self._ended.clear()
        if threading.current_thread() is not threading.main_thread():
            return self
        wishes = [s for s in _WISHES if signal.getsignal(s) is not signal.SIG_IGN]
        self._before = {s: signal.signal(s, self._note) for s in wishes}
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._before_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if self._before:
            signal.set_wakeup_fd(self._before_fd)
            os.close(self._write)  # and so the other end is told

    @contextlib.contextmanager
    def impatient(self) -> Iterator[None]:
        """While this lasts, a step that has not ended some seconds after a signal raises AbandonedStepError."""
        self._impatient = True
        try:
            yield
        finally:
            self._impatient = False

    @property
    def exit_code(self) -> int:
        """What shells expect of a process that a signal has ended: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP."""
        return 128 + (self.signal or 0)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._late and self._impatient:
            self._impatient = False
            raise AbandonedStepError
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signal is None:
            self.signal = signal.Signals(number)
            log.info(f"{self.signal.name}: the step is finished and the run saved. Once more Ctrl-C stops at once.")

    def _watch(self) -> None:
        """See signals at once, while Python itself sees them between two of its own instructions."""
        seen = 0
        while got := os.read(self._read, 1):
            if not seen:
                threading.Thread(target=self._remind, daemon=True).start()
            elif got[0] == signal.SIGINT and not self._ended.wait(AT_ONCE_S):
                with contextlib.suppress(Exception):
                    sys.stdout.flush()
                os._exit(128 + signal.SIGINT)
            seen += 1
        os.close(self._read)

    def _remind(self) -> None:
        """Come back to a step that does not end."""
        if not self._ended.wait(ABANDON_S) and self._impatient:
            self._late = True
            os.kill(os.getpid(), signal.SIGTERM)
