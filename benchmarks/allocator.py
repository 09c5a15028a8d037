"""What keeping freed memory saves: new pages and milliseconds of a step, without it and with it.

    python -m benchmarks.allocator

A step fills blocks of half a megabyte and frees them, as training does; each row is a process of its own.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

import torch

from pinn.cli.arguments import positive
from pinn.runs.allocator import keep_freed_memory
from pinn.runs.markdown import markdown

BLOCK = 2**17  # numbers in single precision


def measured(keep: bool, steps: int, blocks: int) -> tuple[float, float]:
    """New pages and seconds of a step, after three to warm up. Raises OSError if memory cannot be kept here."""
    if keep and not keep_freed_memory():
        raise OSError("The C library does not let itself be told to keep freed memory.")

    def step() -> None:
        held = [torch.ones(BLOCK) for _ in range(blocks)]
        del held

    for _ in range(3):
        step()
    pages, begin = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.perf_counter()
    for _ in range(steps):
        step()
    seconds = time.perf_counter() - begin
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - pages) / steps, seconds / steps


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=positive, default=50, help="steps that are counted (default: 50)")
    parser.add_argument("--blocks", type=positive, default=16, help="blocks that a step holds (default: 16)")
    parser.add_argument("--only", choices=("given back", "kept"), help="one row, in this process")
    args = parser.parse_args(argv)
    if args.only:
        pages, seconds = measured(args.only == "kept", args.steps, args.blocks)
        print(f"{pages:.1f} {1e3 * seconds:.3f}")
        return 0
    rows = []
    for name in ("given back", "kept"):
        own = ["--steps", str(args.steps), "--blocks", str(args.blocks), "--only", name]
        result = subprocess.run([sys.executable, "-m", "benchmarks.allocator", *own], capture_output=True, text=True)
        if result.returncode:
            print(f"error: {result.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return 1
        rows.append([name, *result.stdout.split()])
    print(markdown(["freed memory", "new pages a step", "ms a step"], rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
