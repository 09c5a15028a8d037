"""Signals and lost displays: what a run does when somebody or something wants its end, or looks no more."""

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pinn.cli import main as command
from pinn.cli import signals, train_job
from pinn.cli.display import LastingStream, lasting_display
from pinn.cli.signals import AbandonedStepError, SignalHandler
from pinn.runs.checkpoint import CHECKPOINT, load_checkpoint
from tests.fuzzing import kills

TINY = ["network.width=5", "network.depth=1", "sampler.interior=20", "sampler.boundary=10", "optimizer=adam"]


def child_that(act: Callable[[], object]) -> int:
    """A process that does something; its exit code is that of a SystemExit, 0 at the end, 99 for another error."""
    if child := os.fork():
        return child
    code = 99
    try:
        act()
        code = 0
    except SystemExit as stop:
        code = 0 if stop.code is None else stop.code if isinstance(stop.code, int) else 98
    finally:
        os._exit(code)


def ended(child: int, within_s: float = 30) -> tuple[int, float]:
    """The exit code of a child, and the seconds that it took."""
    start = time.monotonic()
    while time.monotonic() - start < within_s:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), time.monotonic() - start
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise TimeoutError


def wait_for(there: Callable[[], object], within_s: float = 30) -> None:
    start = time.monotonic()
    while not there():
        assert time.monotonic() - start < within_s
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_finishes_the_step_and_saves(number: signal.Signals, code: int, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    child = kills.forked([*TINY, "steps=100000", "checkpoint_s=0", f"hydra.run.dir={folder}"], folder)
    wait_for(lambda: list(folder.glob("checkpoints/step-*.pt")))
    os.kill(child, number)
    assert ended(child)[0] == code
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["status"], summary["reason"]) == ("interrupted", number.name)
    assert load_checkpoint(folder / CHECKPOINT).state is not None


def test_what_was_ignored_stays_ignored() -> None:
    """As after nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalHandler() as handler:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert handler.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_ctrl_c_acts_within_a_second_in_the_midst_of_a_long_operation(tmp_path: Path) -> None:
    def work() -> None:
        with SignalHandler():
            (tmp_path / "begun").touch()
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2 * 10**8)  # a minute, in which Python runs no handler

    child = child_that(work)
    wait_for((tmp_path / "begun").exists)
    time.sleep(0.2)
    os.kill(child, signal.SIGINT)
    time.sleep(0.3)
    os.kill(child, signal.SIGINT)
    code, seconds = ended(child)
    assert code == 130
    assert seconds < 2  # 0.8 and what a loaded machine needs


def test_a_second_ctrl_c_is_a_keyboard_interrupt_where_python_can_raise_it() -> None:
    with SignalHandler() as handler:
        os.kill(os.getpid(), signal.SIGINT)
        assert handler.signal is signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_step_that_does_not_end_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "ABANDON_S", 0.1)
    with SignalHandler() as handler:
        with pytest.raises(AbandonedStepError), handler.impatient():  # noqa: PT012
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(20)
        assert handler.exit_code == 143


def test_sigterm_while_compiling_saves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first graph, of Adam, is made at once, the next, of Levenberg–Marquardt, takes minutes."""
    folder, made = tmp_path / "run", []

    def slow(graph, inputs):
        if made:
            (tmp_path / "compiling").touch()
            time.sleep(120)
        made.append(graph)
        return graph

    monkeypatch.setattr("pinn.objective.compilation.inductor", slow)
    monkeypatch.setattr(signals, "ABANDON_S", 0.3)
    choices = ["optimizer=adam_lm", "optimizer.stages.adam.steps=4", "compile=true", "steps=9"]
    child = kills.forked([*TINY[:-1], *choices, f"hydra.run.dir={folder}"], folder)
    wait_for((tmp_path / "compiling").exists, 60)
    os.kill(child, signal.SIGTERM)
    code, seconds = ended(child)
    assert code == 143, (tmp_path / "log.txt").read_text()
    assert seconds < 10
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["status"], summary["steps"]) == ("interrupted", 1)  # what it had a second before
    monkeypatch.undo()
    kills.finished([f"resume={folder}", "compile=false"], folder)
    assert load_checkpoint(folder / CHECKPOINT).step == 9


def test_a_reader_that_has_had_enough_ends_no_run(tmp_path: Path) -> None:
    """`pinn train … | head -1`."""
    folder, errors = tmp_path / "run", tmp_path / "errors"
    read, write = os.pipe()

    def work() -> None:
        os.dup2(write, 1)
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)
        os.close(read)
        os.close(write)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        logging.raiseExceptions = True
        train_job.draw = lambda *_: None
        command.main(["train", *TINY, "steps=40", "log_every=1", f"hydra.run.dir={folder}"])

    child = child_that(work)
    os.close(write)
    with os.fdopen(read) as lines:
        assert "Poisson on box" in lines.readline()
    assert ended(child)[0] == 0
    assert errors.read_text() == ""
    assert json.loads((folder / "summary.json").read_text())["status"] == "completed"


def test_a_stream_that_is_gone_takes_all(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        stream = LastingStream(pipe)
        for _ in range(3):
            assert stream.write("a line\n") == 7
            stream.flush()
        assert not stream.isatty()
    assert stream.write("closed") == 6


def test_the_streams_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with lasting_display(), lasting_display():
        print("shown")
        assert isinstance(sys.stdout, LastingStream)
    assert sys.stdout is before
    assert capsys.readouterr().out == "shown\n"


def test_ctrl_c_while_importing_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", interrupted)
    with pytest.raises(SystemExit) as stop:
        command.main(["train"])
    assert stop.value.code == 130


def test_the_command_is_there_before_torch() -> None:
    """So that Ctrl-C in the seconds in which torch is loaded is caught."""
    program = "import sys, pinn.cli.main; print(sorted({'torch', 'numpy', 'hydra'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
