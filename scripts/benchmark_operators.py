"""Time the operators: v = 1 against v = I for y_i = sin x_i, and Laplacians of a network against a nested loop.

Times are medians over interleaved repetitions, ratios are medians of the ratios within a repetition: compare these.
"""

import argparse
import json
import math
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.operators import Auto, Eye, ForwardOverReverse, Ones, Rows, Strategy, diagonal, laplacian

Calls = dict[str, Callable[[], object]]
Times = dict[str, list[float]]

ONES, LOOP = "v=1", "loop"  # what the ratios refer to
ELEMENTWISE = {ONES: Ones(), "v=I": Eye(), "v=I by 16": Eye(chunk_size=16), "v=e_i": Rows()}
NETWORK: dict[str, Strategy] = {type(s).__name__: s for s in (Rows(), Eye(), ForwardOverReverse(), Auto())}
SHORTEST = 2e-3  # seconds; a quicker call is timed several times in a row, for the clock's sake


def elapsed(call: Callable[[], object], device: torch.device, number: int = 1) -> float:
    """Seconds for one call, averaged over `number` calls in a row; on CUDA by events on the current stream."""
    if device.type == "cuda":
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(number):
            call()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1e3 / number
    begin = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - begin) / number


def interleaved(calls: Calls, repeats: int, device: torch.device) -> Times:
    """The seconds of each call, one after the other in each repetition, after a warm-up."""
    for call in calls.values():
        call()
    number = {name: max(1, math.ceil(SHORTEST / elapsed(call, device))) for name, call in calls.items()}
    times: Times = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            times[name].append(elapsed(call, device, number[name]))
    return times


def summary(times: Times, reference: str) -> dict[str, dict[str, float]]:
    """Median seconds, and the median ratio to `reference`."""
    ratios = {name: [t / r for t, r in zip(ts, times[reference], strict=True)] for name, ts in times.items()}
    medians = {name: statistics.median(ts) for name, ts in times.items()}
    return {"seconds": medians, "ratio": {name: statistics.median(rs) for name, rs in ratios.items()}}


def elementwise_derivative(order: int, x: Tensor, strategy: Strategy) -> Tensor:
    """y' or y'' of y_i = sin x_i, each derivative the diagonal of a Jacobian."""
    f = torch.sin
    for _ in range(order):
        f = partial(diagonal, f, strategy=strategy)
    return f(x)


def elementwise(args: argparse.Namespace) -> Iterator[dict]:
    """One row for each n and order. Nested v = I costs n³: what would exceed `--limit` is left out."""
    seen: dict[tuple[str, int], tuple[int, float]] = {}
    for n in sorted(args.sizes):
        x = torch.linspace(-3, 3, n, dtype=args.dtype, device=args.device)
        for order in (1, 2):
            calls: Calls = {}
            for name, strategy in ELEMENTWISE.items():
                last_n, seconds = seen.get((name, order), (n, 0.0))
                if name == ONES or seconds * (n / last_n) ** (order + 1) <= args.limit:
                    calls[name] = partial(elementwise_derivative, order, x, strategy)
            row = summary(interleaved(calls, args.repeats, args.device), ONES)
            seen |= {(name, order): (n, seconds) for name, seconds in row["seconds"].items()}
            yield {"n": n, "order": order, **row}


def tanh_network(d: int, args: argparse.Namespace) -> nn.Sequential:
    torch.manual_seed(0)
    inputs = [d, *[args.width] * (args.depth - 1)]
    hidden = [layer for m in inputs for layer in (nn.Linear(m, args.width), nn.Tanh())]
    return nn.Sequential(*hidden, nn.Linear(args.width, 1)).to(args.device, args.dtype)


def loop_laplacian(net: nn.Module, points: Tensor, create_graph: bool) -> Tensor:
    """The baseline: the textbook loop of nested torch.autograd.grad over the coordinates."""
    x = points.clone().requires_grad_()
    (u_x,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    second = [
        torch.autograd.grad(u_x[:, k].sum(), x, create_graph=create_graph, retain_graph=True)[0][:, k]
        for k in range(x.shape[1])
    ]
    return torch.stack(second).sum(0)


def pointwise_laplacian(net: nn.Module, points: Tensor, strategy: Strategy) -> Tensor:
    return vmap(partial(laplacian, lambda x: net(x)[0], strategy=strategy))(points)


def training_step(residual: Callable[[], Tensor], params: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The parameter gradients of the mean squared residual; the last bias drops out of a Laplacian."""
    return torch.autograd.grad(residual().square().mean(), params, materialize_grads=True)


def laplacians(args: argparse.Namespace) -> Iterator[dict]:
    """One row for each d and task: the operator alone, and a training step through it."""
    for d in args.dimensions:
        net = tanh_network(d, args)
        points = torch.rand(args.points, d, dtype=args.dtype, device=args.device)
        for task in ("operator", "step"):
            learns = task == "step"
            net.requires_grad_(learns)
            residuals = {LOOP: partial(loop_laplacian, net, points, learns)}
            for name, strategy in NETWORK.items():
                residuals[name] = partial(pointwise_laplacian, net, points, strategy)
            calls: Calls = dict(residuals)
            if learns:
                calls |= {name: partial(training_step, r, list(net.parameters())) for name, r in residuals.items()}
            yield {"d": d, "task": task, **summary(interleaved(calls, args.repeats, args.device), LOOP)}


def print_table(title: str, keys: Sequence[str], rows: Sequence[dict], names: Sequence[str], reference: str) -> None:
    """Milliseconds of each name, then the ratios to the reference; a dash where nothing was measured."""
    others = [name for name in names if name != reference]
    lines = [[*keys, *(f"{name} [ms]" for name in names), *(f"{name} / {reference}" for name in others)]]
    for row in rows:
        ms = [f"{1e3 * row['seconds'][name]:.3f}" if name in row["seconds"] else "-" for name in names]
        ratios = [f"{row['ratio'][name]:.2f}" if name in row["ratio"] else "-" for name in others]
        lines.append([*(str(row[key]) for key in keys), *ms, *ratios])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}")
    for line in lines:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text!r}")
    return int(text)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:i")
    parser.add_argument("--dtype", default="float64", choices=["float32", "float64"], help="of points and weights")
    parser.add_argument("--threads", type=positive, default=1, help="CPU threads of torch")
    parser.add_argument("--repeats", type=positive, default=7, help="interleaved repetitions of each measurement")
    parser.add_argument(
        "--sizes", type=positive, nargs="+", default=[10, 30, 100, 300, 1001], help="n of y_i = sin x_i"
    )
    parser.add_argument("--limit", type=float, default=5.0, help="seconds; leave out calls expected to take longer")
    parser.add_argument("--dimensions", type=positive, nargs="+", default=[2, 10], help="d of the Laplacians")
    parser.add_argument("--points", type=positive, default=1000, help="N of the Laplacians")
    parser.add_argument("--width", type=positive, default=64, help="of the tanh network")
    parser.add_argument("--depth", type=positive, default=4, help="hidden layers of the tanh network")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures to FILE")
    args = parser.parse_args(argv)
    if not re.fullmatch(r"cpu|cuda(:\d+)?", args.device):
        parser.error(f"--device must be cpu, cuda or cuda:i, got {args.device!r}")
    args.device = torch.device(args.device)
    if args.device.type == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: this torch sees no CUDA device; use --device cpu")
    args.dtype = getattr(torch, args.dtype)
    return args


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    torch.set_num_threads(args.threads)
    settings = {
        key: value if isinstance(value, int | float | list) else str(value) for key, value in vars(args).items()
    }
    settings |= {"torch": torch.__version__, "date": time.strftime("%Y-%m-%d")}
    print(", ".join(f"{key}={settings[key]}" for key in ("date", "torch", "device", "dtype", "threads", "repeats")))
    sines = list(elementwise(args))
    print_table("Derivatives of y_i = sin x_i, i = 1 … n", ["n", "order"], sines, list(ELEMENTWISE), ONES)
    laplaces = list(laplacians(args))
    title = f"Laplacian of a tanh network, {args.depth} x {args.width}, at {args.points} points"
    print_table(title, ["d", "task"], laplaces, [LOOP, *NETWORK], LOOP)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"settings": settings, "elementwise": sines, "laplacian": laplaces}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
