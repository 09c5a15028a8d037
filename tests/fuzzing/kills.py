"""Kill runs with SIGKILL at random moments, go on with them, and compare with runs that nobody killed.

The moments lie in the start of a run, in its midst and in the writing of its results.

    python -m tests.fuzzing.kills --kills 50

Every run is a forked process that does what `pinn train …` does, with a checkpoint after every step, so
that many kills fall into the middle of a write.
"""

import argparse
import itertools
import os
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from pinn.cli import train, train_job
from pinn.runs.checkpoint import CHECKPOINT, load_checkpoint, newest_checkpoint
from pinn.runs.claim import left_by_a_run
from pinn.runs.run import SOLUTION, SUMMARY, read_summary

SMALL = "network.width=8 network.depth=1 sampler.interior=60 sampler.boundary=20 log_every=10 threads=1"
JOBS = {
    "adam_lm": "pde=poisson steps=45 sampler.every=10",
    "adam": "pde=heat pde.hard=false optimizer=adam steps=60 sampler.every=7",
    "adam_lbfgs": "pde=poisson pde.hard=false optimizer=adam_lbfgs optimizer.stages.adam.steps=20 steps=45",
    "ssbroyden": "pde=heat pde.hard=false optimizer=ssbroyden steps=60 weighting=rba",
    "spring": "pde=poisson optimizer=spring steps=60 sampler.every=1",
    "engd": "pde=poisson optimizer=engd steps=40 sampler=uniform sampler.every=3",
    "rad": "pde=burgers vjp=rows sampler=rad sampler.candidates=300 sampler.every=8 steps=45",
    "windows": "pde=heat windows=2 optimizer=lm steps=25",
}


def forked(arguments: Sequence[str], folder: Path) -> int:
    """The process number of a run that begins now."""
    if child := os.fork():
        return child
    with (folder.parent / "log.txt").open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        code = 1
        try:
            # A shell that starts tests in the background ignores it for them.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            train_job.draw = lambda *_: None  # plots are not what is killed here
            train.main(arguments)
            code = 0
        except SystemExit as exit:
            code = exit.code if isinstance(exit.code, int) else 1
        finally:
            os._exit(code)


def finished(arguments: Sequence[str], folder: Path) -> None:
    """A run to its end. Raises RuntimeError if it fails."""
    _, status = os.waitpid(forked(arguments, folder), 0)
    if status:
        raise RuntimeError(f"{' '.join(arguments)} failed: {(folder.parent / 'log.txt').read_text()[-2000:]}")


MOMENTS = ("start", "midst", "midst", "end")


def killed(arguments: Sequence[str], folder: Path, moment: str, seconds: float) -> bool:
    """A run that is killed; whether it was still alive.

    The moment is up to a second after it has begun, so many seconds after its first checkpoint, or up to a twentieth of
    a second after it has begun to write its results.
    """
    child, deadline = forked(arguments, folder), time.monotonic() + 120
    begun = {
        "start": lambda: True,
        "midst": lambda: list(folder.glob("checkpoints/step-*.pt")),
        "end": lambda: list(folder.glob(f"{CHECKPOINT}*")),
    }[moment]
    while time.monotonic() < deadline and not begun():
        time.sleep(0.001)
    time.sleep({"start": random.uniform(0, 1), "midst": seconds, "end": random.uniform(0, 0.05)}[moment])
    done, _ = os.waitpid(child, os.WNOHANG)
    if not done:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return not done


def same(a: Path, b: Path) -> bool:
    """Whether two runs end in the same step with the same parameters, bit for bit."""
    first, second = (load_checkpoint(folder / CHECKPOINT) for folder in (a, b))
    equal = all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)
    return equal and first.step == second.step and first.weights.keys() == second.weights.keys()


def kill_and_compare(kills: int, seed: int, scratch: Path, budget_s: float) -> tuple[dict[str, int], int, list[str]]:
    """Kill until so many kills have met a living run, or for so many seconds.

    Those by moment, the most steps that one has cost, and what came out different.
    """
    random.seed(seed)
    deadline = time.monotonic() + budget_s
    duration: dict[str, float] = {}
    met: dict[str, int] = dict.fromkeys(MOMENTS, 0)
    wrong: list[str] = []
    lost = 0
    for k in itertools.count():
        if sum(met.values()) >= kills or time.monotonic() > deadline:
            break
        name, moment = list(JOBS)[k % len(JOBS)], MOMENTS[(k + k // len(JOBS)) % len(MOMENTS)]
        job = [*SMALL.split(), *JOBS[name].split(), "checkpoint_s=0"]
        whole, folder = scratch / f"{name}-whole", scratch / f"{name}-{k}"
        if not whole.exists():
            start = time.monotonic()
            finished([*job, f"hydra.run.dir={whole}"], whole)
            duration[name] = time.monotonic() - start
        again = [*job, f"hydra.run.dir={folder}"]
        met[moment] += killed(again, folder, moment, random.uniform(0, duration[name] / 2))
        if left_by_a_run(folder):
            kept = newest_checkpoint(folder).step
            numbers = [int(path.name[5:14]) for path in folder.glob("checkpoints/step-*.pt*")]
            lost = max(lost, max(numbers, default=kept) - kept)
            again = [f"resume={folder}"]
        if not complete(folder):
            finished(again, folder)
        if not same(whole, folder) or not complete(folder):
            wrong.append(f"{name}, kill {k} ({moment})")
    return met, lost, wrong


def complete(folder: Path) -> bool:
    """Whether a run has left all its results, of one and the same step."""
    if not all((folder / name).is_file() for name in (CHECKPOINT, SUMMARY, SOLUTION)):
        return False
    rows = (folder / "metrics.csv").read_text().splitlines()
    steps = [int(row.split(",")[0]) for row in rows[1:]]
    last = load_checkpoint(folder / CHECKPOINT).step
    return read_summary(folder)["steps"] == last == steps[-1] and steps == sorted(set(steps))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="that meet a living run")
    parser.add_argument("--budget", type=float, default=900.0, metavar="S", help="seconds after which no more begin")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with TemporaryDirectory() as scratch:
        begin = time.monotonic()
        met, lost, wrong = kill_and_compare(given.kills, given.seed, Path(scratch), given.budget)
        alive = ", ".join(f"{count} at the {moment}" for moment, count in met.items())
        print(
            f"{sum(met.values())} kills of a living run ({alive}), at most {lost} steps lost, {len(wrong)} different:",
            *wrong,
        )
        print(f"{time.monotonic() - begin:.0f} s")
        raise SystemExit(bool(wrong))
