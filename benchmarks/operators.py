"""Time the operators: v = 1 against v = I for y_i = sin x_i, and each strategy on a network against the peers' loop.

The loop is nested torch.autograd.grad on the batch, in the same run. Times are medians over interleaved repetitions,
ratios are medians of the ratios within a repetition: compare these.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks import operator_cases, timing
from benchmarks.operator_cases import LOOP, STRATEGIES, Case, Setup, tanh_network
from benchmarks.timing import interleaved, peak_bytes, ratios, seconds, speedups
from pinn.cli.arguments import positive
from pinn.objective.compilation import Compiled
from pinn.operators import Eye, Ones, Rows, Strategy, diagonal
from pinn.plotting.bars import bar_figure
from pinn.runs.allocator import keep_freed_memory
from pinn.runs.markdown import markdown

ONES = "v=1"
ELEMENTWISE: dict[str, Strategy] = {ONES: Ones(), "v=I": Eye(), "v=I by 16": Eye(chunk_size=16), "v=e_i": Rows()}
CASES = ("elementwise", "laplacian", "third", "fourth", "biharmonic", "jacobian")
TASKS = ("operator", "step", "memory")
TEX = {"²": "^2", "Δ": r"\Delta ", "∂": r"\partial ", "θ": r"\theta ", "…": r"\ldots "}
UNROLLED = 10
"""Up to this d all is compiled that is asked for, above it Jet alone: the other graphs grow with d."""


def elementwise_derivative(order: int, x: Tensor, strategy: Strategy) -> Tensor:
    """y' or y'' of y_i = sin x_i, each derivative the diagonal of a Jacobian."""
    f = torch.sin
    for _ in range(order):
        f = partial(diagonal, f, strategy=strategy)
    return f(x)


def elementwise(args: argparse.Namespace, dtype: torch.dtype) -> Iterator[dict]:
    """One row for each n and order. Nested v = I costs n³: what would exceed `--limit` is left out."""
    seen: dict[tuple[str, int], tuple[int, float]] = {}
    for n in sorted(args.sizes):
        x = torch.linspace(-3, 3, n, dtype=dtype, device=args.device)
        for order in (1, 2):
            calls: dict[str, Callable[[], Tensor]] = {}
            for name, strategy in ELEMENTWISE.items():
                last_n, last_s = seen.get((name, order), (n, 0.0))
                if name == ONES or last_s * (n / last_n) ** (order + 1) <= args.limit:
                    calls[name] = partial(elementwise_derivative, order, x, strategy)
            times = interleaved(calls, args.repeats, args.device, budget_s=args.budget)
            medians = seconds(times)
            seen |= {(name, order): (n, median) for name, median in medians.items()}
            yield {"n": n, "order": order, "dtype": _name(dtype), "seconds": medians, "ratio": ratios(times, ONES)}


def differentiated(case: Case, dtype: torch.dtype, args: argparse.Namespace) -> Iterator[dict]:
    """One row for each task: the operator alone, a training step, and the memory that the step takes."""
    setup = _setup(case, dtype, args)
    key = {"case": case.name, "d": case.d, "dtype": _name(dtype)}
    eager = [LOOP, *args.strategies]
    compiled = [name for name in args.compiled if name == "Jet" or case.d <= UNROLLED]
    for task, make in (("operator", setup.operator), ("step", setup.step)):
        if task not in args.tasks and not (task == "step" and "memory" in args.tasks):
            continue
        calls = {name: make(name, None) for name in eager}
        compile_s = {}
        for name in compiled:
            graph = Compiled()
            calls[f"{name} compiled"] = make(name, graph)
            calls[f"{name} compiled"]()
            compile_s[f"{name} compiled"] = graph.seconds
            if graph.failed:
                raise RuntimeError(f"{name} could not be compiled: its times would be those of eager mode.")
        if task in args.tasks:
            times = interleaved(calls, args.repeats, args.device, budget_s=args.budget, limit_s=args.limit)
            calls = {name: calls[name] for name in times}
            figures = {"seconds": seconds(times), "speedup": speedups(times, LOOP)}
            yield {**key, "task": task, **figures, "compile_s": compile_s}
        if task == "step" and "memory" in args.tasks:
            peaks = {name: peak_bytes(call, args.device) for name, call in calls.items()}
            ratio = {name: peak / peaks[LOOP] for name, peak in peaks.items()}
            yield {**key, "task": "memory", "bytes": peaks, "ratio": ratio}


def jacobians(dtype: torch.dtype, args: argparse.Namespace) -> Iterator[dict]:
    """One row for each d: the Jacobian of Δu by the parameters, against `vmap(jacrev)` of the nested residual."""
    for case in operator_cases.cases("laplacian", [d for d in args.dimensions if d <= UNROLLED]):
        setup = _setup(case, dtype, args)
        calls = {name: setup.jacobian(name) for name in (LOOP, *args.strategies)}
        times = interleaved(calls, args.repeats, args.device, budget_s=args.budget, limit_s=args.limit)
        key = {"case": "∂Δu/∂θ", "d": case.d, "dtype": _name(dtype), "task": "jacobian"}
        yield {**key, "seconds": seconds(times), "speedup": speedups(times, LOOP)}


def print_elementwise(rows: Sequence[dict]) -> None:
    """Milliseconds, then the ratios to v = 1; a dash where nothing was measured."""
    others = [name for name in ELEMENTWISE if name != ONES]
    header = [
        "n",
        "order",
        "dtype",
        *(f"{name} [ms]" for name in ELEMENTWISE),
        *(f"{name} / {ONES}" for name in others),
    ]
    lines = [
        [row["n"], row["order"], row["dtype"]]
        + [_cell(row["seconds"], name, "{:.3f}", 1e3) for name in ELEMENTWISE]
        + [_cell(row["ratio"], name, "{:.2f}") for name in others]
        for row in rows
    ]
    print(f"\nDerivatives of y_i = sin x_i, i = 1 … n\n\n{markdown(header, lines)}")


def print_networks(rows: Sequence[dict], names: Sequence[str]) -> None:
    """Milliseconds of the loop and how many times faster the others are; then memory in parts of the loop's."""
    key = ["case", "d", "dtype", "task"]
    timed = [row for row in rows if "speedup" in row]
    if timed:
        lines = [
            [*(row[k] for k in key), _cell(row["seconds"], LOOP, "{:.2f}", 1e3)]
            + [_cell(row["speedup"], name, "{:.2f}x") for name in names]
            for row in timed
        ]
        print(f"\nTimes faster than the loop\n\n{markdown([*key, f'{LOOP} [ms]', *names], lines)}")
    weighed = [row for row in rows if "bytes" in row]
    if weighed:
        lines = [
            [*(row[k] for k in key[:3]), _cell(row["bytes"], LOOP, "{:.1f}", 1e-6)]
            + [_cell(row["ratio"], name, "{:.2f}x") for name in names]
            for row in weighed
        ]
        print(f"\nPeak memory of a training step\n\n{markdown([*key[:3], f'{LOOP} [MB]', *names], lines)}")
    compiled = [(row, name, spent) for row in timed for name, spent in row.get("compile_s", {}).items()]
    if compiled:
        lines = [[*(row[k] for k in key), name, f"{spent:.1f}"] for row, name, spent in compiled]
        print(f"\nSeconds to compile, once\n\n{markdown([*key, 'what', 'seconds'], lines)}")


def plot(rows: Sequence[dict], names: Sequence[str], path: Path) -> Path:
    """Bars of the times faster, a panel for each task and dtype."""
    panels: dict[str, dict[str, dict[str, float]]] = {}
    titles = {"operator": "operator", "step": "training step", "jacobian": "parameter Jacobian"}
    for row in rows:
        if "speedup" in row:
            where = re.sub(r"_(x+)", r"_{\1}", row["case"])
            for symbol, tex in TEX.items():
                where = where.replace(symbol, tex)
            panel = panels.setdefault(f"{titles[row['task']]}, {row['dtype']}", {})
            panel[f"${where}$, $d={row['d']}$"] = {k: row["speedup"][k] for k in names if k in row["speedup"]}
    return bar_figure(panels, "times faster than the nested loop", path)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--device", type=timing.device, default="cpu", help="cpu, cuda or cuda:i")
    parser.add_argument("--dtype", nargs="+", default=["float32", "float64"], choices=["float32", "float64"])
    parser.add_argument("--threads", type=positive, default=1, help="CPU threads of torch")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS, help="of a network's derivatives")
    parser.add_argument(
        "--strategies", nargs="+", default=["Rows", "Eye", "ForwardOverReverse", "Jet"], choices=list(STRATEGIES)
    )
    parser.add_argument(
        "--compiled", nargs="*", default=[LOOP, "Jet"], choices=[LOOP, *STRATEGIES], help="what is compiled, too"
    )
    parser.add_argument("--repeats", type=positive, default=11, help="interleaved repetitions of each measurement")
    parser.add_argument("--budget", type=float, default=30.0, help="seconds; repeat less, down to 3, to stay within")
    parser.add_argument("--limit", type=float, default=5.0, help="seconds; leave out calls that take longer")
    parser.add_argument(
        "--sizes", type=positive, nargs="+", default=[10, 30, 100, 300, 1001], help="n of y_i = sin x_i"
    )
    parser.add_argument("--dimensions", type=positive, nargs="+", default=[1, 2, 10, 100], help="d of the Laplacians")
    parser.add_argument("--points", type=positive, default=1000, help="N of the network's points")
    parser.add_argument("--width", type=positive, default=64, help="of the tanh network")
    parser.add_argument("--depth", type=positive, default=4, help="hidden layers of the tanh network")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures to FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw the ratios: .png, .pdf or .svg")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    torch.set_num_threads(args.threads)
    keep_freed_memory()  # as training does; the peers' loop gains the same
    machine = timing.machine(args.device)
    print(", ".join(f"{key}: {value}" for key, value in machine.items()))
    print(f"networks: tanh, {args.depth} x {args.width}, {args.points} points")
    plain = {key: value if isinstance(value, int | float | list) else str(value) for key, value in vars(args).items()}
    sines: list[dict] = []
    networks: list[dict] = []
    for dtype in (getattr(torch, name) for name in args.dtype):
        if "elementwise" in args.cases:
            sines += elementwise(args, dtype)
        for name in args.cases:
            if name == "jacobian":
                networks += jacobians(dtype, args)
            elif name != "elementwise":
                for case in operator_cases.cases(name, args.dimensions):
                    networks += differentiated(case, dtype, args)
    names = [*args.strategies, *(f"{name} compiled" for name in args.compiled)]
    if sines:
        print_elementwise(sines)
    print_networks(networks, names)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        figures = {"settings": {**plain, **machine}, "elementwise": sines, "networks": networks}
        args.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False), encoding="utf-8")
    if args.plot:
        print(f"\n{plot(networks, names, args.plot)}")
    return 0


def _setup(case: Case, dtype: torch.dtype, args: argparse.Namespace) -> Setup:
    like = torch.zeros((), dtype=dtype, device=args.device)
    network = tanh_network(case.d, args.width, args.depth, like)
    return Setup(case, network, torch.rand(args.points, case.d, dtype=dtype, device=args.device))


def _cell(figures: dict[str, float], name: str, shape: str, scale: float = 1.0) -> str:
    return shape.format(scale * figures[name]) if name in figures else "-"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


if __name__ == "__main__":
    sys.exit(main())
