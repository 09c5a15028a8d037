"""Compare training, end to end, with DeepXDE, PINA and a plain torch loop: one Poisson problem, the same for all.

Milliseconds for each step come from chunks of steps, one tool after the other in each repetition; ratios are medians
of the ratios within a repetition. `--seconds` trains on and compares the error reached instead.
"""

import argparse
import contextlib
import importlib.util
import json
import math
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from benchmarks import timing
from benchmarks.peer_programs import PROGRAMS, Pace, Problem, Values, relative_l2
from benchmarks.timing import ratios, seconds
from pinn.cli.arguments import positive
from pinn.plotting.style import COLORS, DASHES, figure, save
from pinn.runs.markdown import markdown

TOOLS = ("plain torch", "DeepXDE", "PINA", "pinn auto", "pinn auto compiled")


@dataclass(frozen=True)
class Chunk:
    """Some training steps: their time, compilation apart, and the relative L2 error after them."""

    seconds: float
    compile_s: float
    error: float


class Halting(Pace):
    """Trains as many steps as the other end of the pipe asks for, then waits; an empty answer ends the process.

    The clock runs inside the tool's own loop, from one halt to the next; evaluating the error is not on it.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._left, self._begin, self._compiled_s = pipe, 1, time.perf_counter(), 0.0

    def stepped(self, u: Values, compile_s: float = 0.0) -> None:
        self._left -= 1
        if self._left:
            return
        spent = time.perf_counter() - self._begin - (compile_s - self._compiled_s)
        self._pipe.send(Chunk(spent, compile_s, relative_l2(u)))
        self._left, self._compiled_s = self._pipe.recv(), compile_s
        if not self._left:
            raise SystemExit
        self._begin = time.perf_counter()


class Trainer:
    """A tool that trains in a process of its own, silently, and only while it is asked to."""

    def __init__(self, name: str, problem: Problem, threads: int) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(name, problem, threads, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._receive()  # the first step, with all that is done only once

    def steps(self, count: int) -> Chunk:
        """Train `count` steps more."""
        self._pipe.send(count)
        return self._receive()

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._pipe.send(0)
        self._process.join(timeout=10)
        self._process.kill()

    def _receive(self) -> Chunk:
        try:
            answer = self._pipe.recv()
        except EOFError:
            answer = "The process ended without a word."
        if isinstance(answer, Chunk):
            return answer
        raise RuntimeError(f"{self.name} failed:\n{answer}")


def _work(name: str, problem: Problem, threads: int, pipe: Connection) -> None:
    """What the process of a tool does. Its output goes nowhere, its failure into the pipe."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    torch.set_num_threads(threads)
    try:
        PROGRAMS[name].run(problem, Halting(pipe))
    except Exception:
        pipe.send(traceback.format_exc())


@contextlib.contextmanager
def trainers(names: Sequence[str], problem: Problem, threads: int) -> Iterator[list[Trainer]]:
    """One for each name, started one after the other, all ended at the end."""
    with contextlib.ExitStack() as stack:
        started = []
        for name in names:
            started.append(trainer := Trainer(name, problem, threads))
            stack.callback(trainer.close)
        yield started


def installed(names: Sequence[str]) -> list[str]:
    """Those that can run here; a line for each of the others says how to install it."""
    found = []
    for name in names:
        if importlib.util.find_spec(PROGRAMS[name].module):
            found.append(name)
        else:
            print(f"{name} is left out: it is not installed ({PROGRAMS[name].install}).")
    return found


def step_times(names: Sequence[str], problem: Problem, args: argparse.Namespace) -> dict:
    """Seconds for a step of each tool, and how many times longer than the reference."""
    times: timing.Times = {name: [] for name in names}
    with trainers(names, problem, args.threads) as tools:
        compile_s = {tool.name: tool.steps(args.chunk).compile_s for tool in tools}  # a warm-up
        for _ in range(args.repeats):
            for tool in tools:
                times[tool.name].append(tool.steps(args.chunk).seconds / args.chunk)
    faster = {name: ratios(times, name) for name in names if name.startswith("pinn")}
    return {"dtype": problem.dtype, "seconds": seconds(times), "ratio": faster, "compile_s": compile_s}


def error_curves(names: Sequence[str], problem: Problem, args: argparse.Namespace) -> dict:
    """The relative L2 error of each tool against its seconds of training, in chunks by turns."""
    curves: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    spent = dict.fromkeys(names, 0.0)
    with trainers(names, problem, args.threads) as tools:
        while left := [tool for tool in tools if spent[tool.name] < args.seconds]:
            for tool in left:
                chunk = tool.steps(args.chunk)
                spent[tool.name] += chunk.seconds
                curves[tool.name].append((spent[tool.name], chunk.error))
    return {"dtype": problem.dtype, "curves": curves}


def print_steps(rows: Sequence[dict]) -> None:
    """Milliseconds of each tool, and how many times longer it takes than each variant of ours."""
    ours = list(rows[0]["ratio"])
    header = ["dtype", "tool", "ms / step", *(f"/ {name}" for name in ours), "compiled in [s]"]
    lines = []
    for row in rows:
        for name, median in row["seconds"].items():
            cells = [f"{row['ratio'][reference][name]:.2f}x" for reference in ours]
            spent = row["compile_s"][name]
            lines.append([row["dtype"], name, f"{1e3 * median:.2f}", *cells, f"{spent:.1f}" if spent else "-"])
    print(f"\nTraining steps\n\n{markdown(header, lines)}")


def print_errors(rows: Sequence[dict], limit: float) -> None:
    """The error when a quarter, a half and all of the time is over."""
    marks = [limit * part for part in (0.25, 0.5, 1.0)]
    lines = []
    for row in rows:
        for name, curve in row["curves"].items():
            reached = [next((error for when, error in curve if when >= mark), math.nan) for mark in marks]
            lines.append([row["dtype"], name, *(f"{error:.1e}" for error in reached)])
    print(f"\nRelative L2 error after\n\n{markdown(['dtype', 'tool', *(f'{mark:g} s' for mark in marks)], lines)}")


def plot_errors(rows: Sequence[dict], path: Path) -> Path:
    """Error against seconds, a panel for each dtype."""
    with figure(4.2 * len(rows) + 1.8, 3.4) as canvas:
        axes = canvas.subplots(1, len(rows), squeeze=False, sharey=True)[0]
        for ax, row in zip(axes, rows, strict=True):
            for k, (name, curve) in enumerate(row["curves"].items()):
                x, y = zip(*curve, strict=True)
                ax.plot(x, y, color=COLORS[k % len(COLORS)], linestyle=DASHES[k % len(DASHES)], label=name)
            ax.set_yscale("log")
            ax.set_title(row["dtype"])
            ax.set_xlabel("seconds of training")
            ax.grid(True)
        axes[0].set_ylabel("relative $L^2$ error")
        axes[-1].legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
        return save(canvas, path)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=list(PROGRAMS))
    parser.add_argument("--dtype", nargs="+", default=["float32", "float64"], choices=["float32", "float64"])
    parser.add_argument("--threads", type=positive, default=1, help="CPU threads of torch")
    parser.add_argument("--chunk", type=positive, default=20, help="steps by one tool before it is the next one's turn")
    parser.add_argument("--repeats", type=positive, default=15, help="chunks of each tool")
    parser.add_argument("--seconds", type=float, help="compare errors over that much training of each tool instead")
    parser.add_argument("--width", type=positive, default=50, help="of the tanh network")
    parser.add_argument("--depth", type=positive, default=4, help="hidden layers of the tanh network")
    parser.add_argument("--interior", type=positive, default=2000, help="collocation points")
    parser.add_argument("--boundary", type=positive, default=400, help="points on the boundary")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures to FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="with --seconds, also draw them: .png, .pdf or .svg")
    args = parser.parse_args(argv)
    if args.plot and args.seconds is None:
        parser.error("--plot draws errors against time: give --seconds as well")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    torch.set_num_threads(args.threads)
    machine = timing.machine(torch.device("cpu"))
    names = installed(args.tools)
    machine |= {module: _version(module) for module in ("deepxde", "pina-mathlab") if _version(module)}
    print(", ".join(f"{key}: {value}" for key, value in machine.items()))
    problem = Problem(width=args.width, depth=args.depth, interior=args.interior, boundary=args.boundary)
    measure = step_times if args.seconds is None else error_curves
    rows = [measure(names, replace(problem, dtype=dtype), args) for dtype in args.dtype]
    if args.seconds is None:
        print_steps(rows)
    else:
        print_errors(rows, args.seconds)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        plain = {key: str(value) if isinstance(value, Path) else value for key, value in vars(args).items()}
        args.json.write_text(json.dumps({"settings": {**plain, **machine}, "rows": rows}, indent=2), encoding="utf-8")
    if args.plot:
        print(f"\n{plot_errors(rows, args.plot)}")
    return 0


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
