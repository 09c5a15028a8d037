"""Kill runs with SIGKILL at random moments, go on with them, and compare with runs that nobody killed.

    python -m tests.fuzzing.kills --kills 50

Every run is a forked process that does what `pinn train …` does, with a checkpoint after every step, so
that many kills fall into the middle of a write.
"""

import argparse
import os
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from pinn.cli import train
from pinn.runs.checkpoint import CHECKPOINT, load_checkpoint, newest_checkpoint

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
            train.draw = lambda folder: None  # plots are not what is killed here
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


def killed(arguments: Sequence[str], folder: Path, seconds: float) -> bool:
    """A run that is killed so long after its first checkpoint; whether it was still alive."""
    child, deadline = forked(arguments, folder), time.monotonic() + 120
    while time.monotonic() < deadline and not list((folder / "checkpoints").glob("step-*.pt")):
        time.sleep(0.002)
    time.sleep(seconds)
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


def kill_and_compare(kills: int, seed: int, scratch: Path) -> tuple[int, int, list[str]]:
    """The kills that met a living run, the most steps that one of them has cost, and what came out different."""
    random.seed(seed)
    names = [list(JOBS)[k % len(JOBS)] for k in range(kills)]
    duration: dict[str, float] = {}
    met, lost, wrong = 0, 0, []
    for k, name in enumerate(names):
        whole = scratch / f"{name}-whole"
        if not whole.exists():
            (scratch / "logs").mkdir(exist_ok=True)
            start = time.monotonic()
            finished([*SMALL.split(), *JOBS[name].split(), "checkpoint_s=0", f"hydra.run.dir={whole}"], whole)
            duration[name] = time.monotonic() - start
        folder = scratch / f"{name}-{k}"
        arguments = [*SMALL.split(), *JOBS[name].split(), "checkpoint_s=0", f"hydra.run.dir={folder}"]
        met += killed(arguments, folder, random.uniform(0, duration[name] / 2))
        kept = newest_checkpoint(folder).step
        reached = max(int(path.name[5:14]) for path in (folder / "checkpoints").glob("step-*.pt*"))
        lost = max(lost, reached - kept)
        if last_step(folder) is None:
            finished([f"resume={folder}"], folder)
        if not same(whole, folder):
            wrong.append(f"{name}, kill {k}, resumed after step {kept}")
    return met, lost, wrong


def last_step(folder: Path) -> int | None:
    """The step at which a run has ended; None if it has not."""
    return load_checkpoint(folder / CHECKPOINT).step if (folder / CHECKPOINT).is_file() else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with TemporaryDirectory() as scratch:
        begin = time.monotonic()
        met, lost, wrong = kill_and_compare(given.kills, given.seed, Path(scratch))
        print(f"{given.kills} kills, {met} of a living run, at most {lost} steps lost, {len(wrong)} different:", *wrong)
        print(f"{time.monotonic() - begin:.0f} s")
        raise SystemExit(bool(wrong))
