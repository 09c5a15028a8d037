"""SIGINT and SIGTERM as a wish: the step is finished, and the run is saved before the process ends."""

import logging
import signal
import threading
from types import FrameType

log = logging.getLogger("pinn")


class SignalHandler:
    """While it is entered, `signal` is the first SIGINT or SIGTERM that came, None before.

    A second SIGINT stops at once, as KeyboardInterrupt. Threads other than the main one get no signals; there nothing
    ever comes.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __enter__(self) -> "SignalHandler":
        main = threading.current_thread() is threading.main_thread()
        self._before = {s: signal.signal(s, self._note) for s in (signal.SIGINT, signal.SIGTERM) if main}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """What shells expect of a process that a signal has ended: 130 for SIGINT, 143 for SIGTERM."""
        return 128 + (self.signal or 0)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)
        log.info(f"{self.signal.name}: the step is finished and the run saved. Once more Ctrl-C stops at once.")
