"""Bad input for the readers of foreign text and files: `python -m tests.fuzzing.fuzz formulas --inputs 100000`.

Texts of formulas: each is read, or refused by a ValueError, in a second of work. Checkpoints are damaged copies of a
good one: each is refused by a ValueError or FileNotFoundError, or loads all that was saved before, bit for bit. Recipes
are those of forged run folders: nothing is imported but pinn, nothing written outside the folder, no request sent. What
breaks this is shown as the smallest input that does.
"""

import argparse
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

from pinn import load_run
from pinn.expressions import Equations, Names
from pinn.runs.checkpoint import CHECKPOINT, load_checkpoint
from pinn.runs.checksum import fingerprint
from pinn.runs.job import REFUSED, Job
from pinn.runs.resuming import Resumed
from pinn.runs.tracking import Tracked
from tests.fuzzing.damage import RESIGNED, Damaged, damaged, good_run
from tests.fuzzing.forged import EVIL, Forgery, Watch, forge, forgeries
from tests.fuzzing.texts import texts

LONGEST_S = 1.0
"""The time of the processor that one input may take."""
LONGEST_BUILD_S = 20.0
"""The same for what a recipe builds, which may have a reference solution to compute."""
JOB = {
    "optimizer": {"_target_": "pinn.optimizers.Adam"},
    "sampler": {"_target_": "pinn.samplers.Sobol", "interior": 16, "boundary": 8},
    "weighting": {"_target_": "pinn.weighting.Fixed"},
    **dict.fromkeys(("steps", "budget_s", "target_error", "target_residual", "patience", "chunk_size")),
    "device": "cpu",
    "dtype": "float64",
    "seed": 0,
    "windows": 1,
    "guard": True,
    "compile": False,
    "log_every": 1,
}
"""What a run that can go on has stored beside what its field needs."""
NAMES = Names(2, True, ("u", "v"), {"nu": 0.1, "k": "1 + x**2", "c": "2"})


def main(argv: list[str] | None = None) -> int:
    """Try as many inputs as asked for and print how many came to what; 1 if one of them came to something wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=sorted(FUZZERS))
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    start = time.perf_counter()
    outcomes, wrong = Counter[str](), ""
    try:
        FUZZERS[arguments.what](arguments.inputs, arguments.seed, outcomes)
    except AssertionError as error:
        wrong = str(error)
    seconds = time.perf_counter() - start
    for outcome, count in sorted(outcomes.items()):
        print(f"{count:>9}  {outcome}")
    print(f"{seconds:.1f} s, {sum(outcomes.values()) / seconds:.0f} inputs a second")
    if wrong:
        print(f"WRONG: {wrong}")
    return int(bool(wrong))


def fuzz_formulas(inputs: int, seed: int | None, outcomes: Counter[str]) -> None:
    """Count in `outcomes` how many texts were read and refused. Raises AssertionError for anything else."""

    def try_one(text: str) -> None:
        outcomes[outcome(lambda: Equations.of(text, NAMES), "read", text)] += 1

    _often(try_one, texts, inputs, seed)


def fuzz_checkpoints(inputs: int, seed: int | None, outcomes: Counter[str]) -> None:
    """Count how many damaged checkpoints were refused and loaded. Raises AssertionError for anything else."""
    with tempfile.TemporaryDirectory() as name:
        run = good_run(Path(name))
        path, executed = run / CHECKPOINT, run / "executed"
        whole = path.read_bytes()
        saved, point = _all_of(path), torch.tensor([0.3, 0.7], dtype=torch.float64)
        value = load_run(run)(point)

        def load(kind: str) -> None:
            field = load_run(run)
            if kind != RESIGNED:
                assert _all_of(path) == saved, "other content, without a word"
                assert torch.equal(field(point), value), "other values, without a word"

        def try_one(damage: Damaged) -> None:
            path.unlink(missing_ok=True)
            executed.unlink(missing_ok=True)
            if damage.content is not None:
                path.write_bytes(damage.content)
            result = outcome(lambda: load(damage.kind), "loaded", damage.kind, says=CHECKPOINT, errors=errors)
            assert not executed.exists(), f"code in a checkpoint was executed ({damage.kind})"
            outcomes[f"{result} ({damage.kind})"] += 1

        errors = (ValueError, FileNotFoundError)
        _often(try_one, damaged(whole, executed), inputs, seed)


def fuzz_recipes(inputs: int, seed: int | None, outcomes: Counter[str]) -> None:
    """Count how many forged run folders were refused, and built. Raises AssertionError for any deed of theirs."""
    with tempfile.TemporaryDirectory() as name, _at(Path(name)):
        run, elsewhere = Path(name, "outputs", "run"), Path(name, "elsewhere")
        elsewhere.mkdir()
        for place in (Path(name), elsewhere):
            (place / f"{EVIL}.py").write_text("IMPORTED = True\n")
        whole = torch.load(good_run(Path(name, "good")) / CHECKPOINT, weights_only=True)
        whole = {**whole, "config": {**JOB, **whole["config"]}}
        watch = Watch()

        def go_on() -> None:
            resumed = Resumed.of(str(run), {}, [])
            job = Job.of_run(resumed.config, root=resumed.checkpoint.path.parent)
            with Tracked(job.tracker, resumed.config, run) as tracked:
                tracked.record(1, {"loss": 1.0})
            tracked.finish({"steps": 1})

        def try_one(forgery: Forgery) -> None:
            shutil.rmtree(run, ignore_errors=True)
            run.mkdir(parents=True)
            forge(run, whole, forgery)
            for attempt, good in ((lambda: load_run(run), "loaded"), (go_on, "resumed")):
                with watch.over(run):
                    result = outcome(attempt, good, repr(forgery), errors=REFUSED, longest_s=LONGEST_BUILD_S)
                assert not watch.deeds, f"{watch.deeds}: {forgery}"
                outcomes[result if result == good else f"refused to be {good}"] += 1
            assert [path.name for path in elsewhere.iterdir()] == [f"{EVIL}.py"], forgery

        _often(try_one, forgeries, inputs, seed)


FUZZERS: dict[str, Callable[[int, int | None, Counter[str]], None]] = {
    "formulas": fuzz_formulas,
    "checkpoints": fuzz_checkpoints,
    "recipes": fuzz_recipes,
}


def outcome(
    attempt: Callable[[], object],
    good: str,
    shown: str,
    *,
    says: str = "",
    errors: tuple[type[Exception], ...] = (ValueError,),
    longest_s: float | None = None,
) -> str:
    """What comes of an attempt: `good` or "refused", by one of the `errors` that has to say `says`.

    Raises AssertionError for every other error, and for an attempt that takes too long.
    """
    try:
        with limited(longest_s or LONGEST_S):
            attempt()
    except errors as error:
        if says not in str(error):
            raise AssertionError(f"{error} does not say {says!r}: {shown[:200]!r}") from error
        return "refused"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise AssertionError(f"{type(error).__name__}: {str(error)[:100]}: {shown[:200]!r}") from error
    return good


@contextmanager
def _at(folder: Path) -> Iterator[None]:
    """In a working folder, on the path of Python, without the words of the log."""
    before = os.getcwd(), list(sys.path)
    os.chdir(folder)
    sys.path.append(str(folder))
    logging.getLogger("pinn").disabled = True
    try:
        yield
    finally:
        os.chdir(before[0])
        sys.path[:] = before[1]
        logging.getLogger("pinn").disabled = False


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """TimeoutError for what takes more of the processor's time; on systems without such a clock no limit."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(*_: object) -> None:
        raise TimeoutError(f"took more than {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _often(try_one: Callable[[Any], None], inputs: SearchStrategy[Any], times: int, seed: int | None) -> None:
    """Try many inputs, the same ones at every run: those of that seed, or of None."""
    wanted = settings(
        max_examples=times,
        database=None,
        deadline=None,
        derandomize=seed is None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example),
    )

    @given(inputs)
    def each(value: Any) -> None:
        try_one(value)

    tried = wanted(each)
    (tried if seed is None else seeded(seed)(tried))()


def _all_of(path: Path) -> str:
    """A checksum of all that a checkpoint holds."""
    checkpoint = load_checkpoint(path)
    return fingerprint([checkpoint.step, checkpoint.config, checkpoint.weights, checkpoint.state])


if __name__ == "__main__":
    raise SystemExit(main())
