"""All that is to be measured on a GPU, by one command: one table, a JSON file, two plots.

Each part runs by itself: one that fails says so in the table, and the others go on. `--quick` takes small sizes, so
that the whole of it runs on a CPU as well.
"""

import argparse
import importlib.util
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks import operator_cases, timing
from benchmarks.operator_cases import LOOP, Setup, tanh_network
from benchmarks.timing import elapsed, interleaved, seconds, speedups
from pinn.domains import Box
from pinn.networks import MLP
from pinn.objective.compilation import Compiled
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import Poisson
from pinn.plotting.bars import bar_figure
from pinn.plotting.style import figure, save
from pinn.runs.markdown import markdown
from pinn.samplers import Sobol
from pinn.training.loop import train

ROOT = Path(__file__).resolve().parents[1]
Row = dict[str, Any]


def tests(args: argparse.Namespace) -> Iterator[Row]:
    """The tests of the device; of the CPU a few, since its own are elsewhere."""
    chosen = (
        ["-m", "cuda"]
        if args.device.type == "cuda"
        else ["-k", "simulated and Jet-laplacian", "-m", "not slow and not nightly"]
    )
    found = _run(
        [sys.executable, "-m", "pytest", "tests/cuda", "-n", "0", "-o", "addopts=--import-mode=importlib", *chosen]
    )
    last = (found.stdout.strip().splitlines() or ["no output"])[-1].strip("= ")
    yield {"what": "tests/cuda", "figure": last, "passed": found.returncode == 0}


def poisson(args: argparse.Namespace) -> Iterator[Row]:
    """The first command of the README on the device."""
    yield _trained("pinn train pde=poisson", ["pde=poisson"], args, args.out / "poisson")


def accuracy(args: argparse.Namespace) -> Iterator[Row]:
    """Three rows of the accuracy table."""
    for name in ("poisson", "helmholtz", "wave"):
        yield _trained(f"accuracy/{name}", [f"experiment=accuracy/{name}"], args, args.out / "accuracy" / name)


def high_dimension(args: argparse.Namespace) -> Iterator[Row]:
    """A thousand dimensions by estimates, compiled."""
    small = ["optimizer.steps=50"] if args.quick else []
    words = ["experiment=poisson_1000d", "compile=true", *small]
    yield _trained("poisson_1000d", words, args, args.out / "poisson_1000d")


def operators(args: argparse.Namespace) -> Iterator[Row]:
    """A training step with Δu: the nested loop, `Jet` eager, compiled, captured (CUDA alone), and DeepXDE's Hessian."""
    dimensions, points = ([2, 10], 64) if args.quick else ([2, 10, 100, 1000], 1000)
    for case in operator_cases.cases("laplacian", dimensions):
        like = torch.zeros((), device=args.device)
        x = torch.rand(points if case.d < 1000 else points // 10, case.d, device=args.device)
        setup = Setup(case, tanh_network(case.d, 64, 4, like), x)
        calls: dict[str, Callable[[], Any]] = {LOOP: setup.step(LOOP, None), "eager": setup.step("Jet", None)}
        calls["compiled"] = setup.step("Jet", Compiled(_uncaptured))
        if args.device.type == "cuda":
            calls["graphs"] = setup.step("Jet", Compiled())
        if importlib.util.find_spec("deepxde"):
            calls["DeepXDE"] = _deepxde(setup)
        for call in calls.values():
            call()  # what compiles does so now
        times = interleaved(calls, 11, args.device, budget_s=4 if args.quick else 20)
        figures = seconds(times)
        told = ", ".join(f"{name} {faster:.2g}x" for name, faster in speedups(times, LOOP).items() if name != LOOP)
        yield {
            "what": f"step with the Laplacian, d = {case.d}",
            "figure": f"{LOOP} {1e3 * figures[LOOP]:.2f} ms; {told}",
            "d": case.d,
            "seconds": figures,
            "speedup": speedups(times, LOOP),
        }


def levenberg_marquardt(args: argparse.Namespace) -> Iterator[Row]:
    """The step of Levenberg–Marquardt in float64 beside the product JᵀJ alone, with M = 2P residuals."""
    pde = Poisson(Box((0.0, 0.0), (1.0, 1.0)))
    for width in (14, 31, 44) if args.quick else (25, 44, 62, 99, 140):
        network = MLP(2, width=width, depth=3, generator=torch.Generator().manual_seed(0)).double().to(args.device)
        size = sum(parameter.numel() for parameter in network.parameters())
        method = LevenbergMarquardt(max_gb=60.0, acceleration=0.0)
        stamps, few = [], 3 if size > (2_000 if args.quick else 10_000) else 6
        for step in train(pde, network, method, Sobol(2 * size, 8, every=0), steps=few):
            if args.device.type == "cuda":
                torch.cuda.synchronize()
            stamps.append((time.perf_counter(), step.figures["refused"]))
        plain = [b - a for (a, r), (b, s) in itertools.pairwise(stamps) if r == s]
        J = torch.randn(2 * size, size, dtype=torch.float64, device=args.device)
        floor = min(elapsed(lambda J=J: J.T @ J, args.device) for _ in range(3))
        del J
        if not plain:
            yield {
                "what": f"Levenberg-Marquardt, P = {size}",
                "figure": "no step without a refusal",
                "parameters": size,
            }
            continue
        spent = statistics.median(plain)
        yield {
            "what": f"Levenberg-Marquardt, P = {size}",
            "figure": f"{1e3 * spent:.1f} ms, {spent / floor:.2f} times its product ({1e3 * floor:.1f} ms)",
            "parameters": size,
            "step_s": spent,
            "floor_s": floor,
        }


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "operators": operators,
    "levenberg_marquardt": levenberg_marquardt,
    "poisson": poisson,
    "accuracy": accuracy,
    "poisson_1000d": high_dimension,
    "tests": tests,
}


def plots(rows: Sequence[Row], out: Path) -> list[Path]:
    """Times faster than the loop, and the step of Levenberg–Marquardt beside its floor."""
    made = []
    bars = {
        f"$d={row['d']}$": {k: v for k, v in row["speedup"].items() if k != LOOP} for row in rows if "speedup" in row
    }
    if bars:
        made.append(bar_figure({"training step": bars}, "times faster than the nested loop", out / "operators.png"))
    steps = [row for row in rows if "step_s" in row]
    if steps:
        with figure(4.8, 3.4) as canvas:
            ax = canvas.subplots()
            sizes = [row["parameters"] for row in steps]
            ax.loglog(sizes, [row["step_s"] for row in steps], marker="o", label="step")
            ax.loglog(sizes, [row["floor_s"] for row in steps], marker="s", label="product $J^TJ$ alone")
            ax.set_xlabel("parameters $P$")
            ax.set_ylabel("seconds")
            ax.legend()
            made.append(save(canvas, out / "levenberg_marquardt.png"))
    return made


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--device", type=timing.device, default="cuda", help="cuda, cuda:i or cpu")
    parser.add_argument("--quick", action="store_true", help="small sizes and a few seconds for each training")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--out", type=Path, default=Path("outputs/gpu"), help="folder of table, figures and runs")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    args.out = args.out.resolve()
    args.out.mkdir(parents=True, exist_ok=True)
    machine, rows = timing.machine(args.device), []
    for name in args.parts:
        start = time.perf_counter()
        try:
            for row in PARTS[name](args):
                rows.append({"part": name, **row})
                print(f"{row['what']}: {row['figure']}", flush=True)
        except Exception as error:  # the other parts are worth having
            reason = next(iter(str(error).splitlines()), "")[:150]
            rows.append(
                {"part": name, "what": name, "figure": f"failed: {type(error).__name__}: {reason}", "passed": False}
            )
        print(f"({name}: {time.perf_counter() - start:.0f} s)", flush=True)
        # Written after each part: whoever is cut off keeps what there is.
        figures = {"machine": machine, "quick": args.quick, "rows": rows}
        (args.out / "gpu.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    told = ", ".join(f"{key}: {value}" for key, value in machine.items())
    text = f"{markdown(['what', 'measured'], [[row['what'], row['figure']] for row in rows])}\n\n{told}\n"
    (args.out / "gpu.md").write_text(text, encoding="utf-8")
    print(f"\n{text}", *plots(rows, args.out), sep="\n")
    return 0 if all(row.get("passed", True) for row in rows) else 1


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def _trained(what: str, words: list[str], args: argparse.Namespace, folder: Path) -> Row:
    """A run of `pinn train` in a process of its own, by its summary."""
    budget = ["budget_s=5"] if args.quick else ["budget_s=30"]
    command = [
        sys.executable,
        "-m",
        "pinn",
        "train",
        *words,
        f"device={args.device}",
        *budget,
        f"hydra.run.dir={folder}",
    ]
    result = _run(command)
    if result.returncode:
        told = (result.stderr.strip().splitlines() or ["no message"])[-1]
        return {"what": what, "figure": f"failed: {told[:150]}", "passed": False}
    summary = json.loads((folder / "summary.json").read_text())
    facts = {key: summary[key] for key in ("rel_l2", "wall_s", "steps", "parameters", "device", "dtype")}
    told = f"error {facts['rel_l2']:.1e} after {facts['steps']} steps in {facts['wall_s']:.1f} s on {facts['device']}"
    return {"what": what, "figure": told, **facts}


def _uncaptured(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Callable[..., Any]:
    """Compiled without graph capture."""
    with torch.no_grad():
        return torch._inductor.compile(graph, inputs)  # type: ignore[return-value]


def _deepxde(setup: Setup) -> Callable[[], Any]:
    """The same step by DeepXDE's Hessian, one entry after the other as its manual does."""
    import os

    os.environ["DDE_BACKEND"] = "pytorch"
    import deepxde as dde  # pyright: ignore[reportMissingImports]

    torch.set_default_device("cpu")  # which the import has moved to the GPU, for the whole process
    parameters = list(setup.network.parameters())

    def step() -> Any:
        x = setup.points.clone().requires_grad_()
        u = setup.network(x)
        residual = sum(dde.grad.hessian(u, x, i=k, j=k) for k in range(x.shape[1]))
        gradient = torch.autograd.grad(residual.square().mean(), parameters, allow_unused=True)  # pyright: ignore
        dde.grad.clear()
        return gradient

    return step


if __name__ == "__main__":
    raise SystemExit(main())
