"""What the benchmarks share: times that can be compared, peak memory, and a word on the machine."""

import argparse
import math
import os
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # read when torch loads: the profiler reports on its own start otherwise

import torch
from torch.profiler import ProfilerActivity, profile

from pinn.runs.provenance import processor

Call = Callable[[], object]
Clock = Callable[[], float]
Times = dict[str, list[float]]

SHORTEST = 2e-3  # seconds; a quicker call is timed several times in a row, for the clock's sake
FEWEST = 3  # repetitions from which a median is taken, however long they last


def elapsed(call: Call, device: torch.device, number: int = 1, clock: Clock = time.perf_counter) -> float:
    """Seconds for one call, averaged over `number` calls in a row; on CUDA by events on the current stream."""
    if device.type == "cuda":
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(number):
            call()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1e3 / number
    begin = clock()
    for _ in range(number):
        call()
    return (clock() - begin) / number


def interleaved(
    calls: Mapping[str, Call],
    repeats: int,
    device: torch.device,
    *,
    budget_s: float = math.inf,
    limit_s: float = math.inf,
    clock: Clock = time.perf_counter,
) -> Times:
    """The seconds of each call, one after the other in each repetition, after a warm-up.

    The first call is what the others are compared with. Others that take longer than `limit_s` are left out; there are
    fewer repetitions, but never less than three, if all would last longer than `budget_s`. `clock` gives seconds, for
    calls on the CPU.
    """
    warm_up = {name: elapsed(call, device, clock=clock) for name, call in calls.items()}
    reference = next(iter(calls))
    calls = {name: call for name, call in calls.items() if name == reference or warm_up[name] <= limit_s}
    single = {name: elapsed(call, device, clock=clock) for name, call in calls.items()}
    number = {name: max(1, math.ceil(SHORTEST / seconds)) for name, seconds in single.items()}
    round_s = sum(number[name] * seconds for name, seconds in single.items())
    affordable = repeats if budget_s == math.inf else int(budget_s / round_s)
    times: Times = {name: [] for name in calls}
    for _ in range(max(min(FEWEST, repeats), min(repeats, affordable))):
        for name, call in calls.items():
            times[name].append(elapsed(call, device, number[name], clock))
    return times


def seconds(times: Times) -> dict[str, float]:
    """Median seconds by name."""
    return {name: statistics.median(ts) for name, ts in times.items()}


def ratios(times: Times, reference: str) -> dict[str, float]:
    """How many times longer than the reference: the medians of the ratios within a repetition."""
    return {name: _median_ratio(ts, times[reference]) for name, ts in times.items()}


def speedups(times: Times, reference: str) -> dict[str, float]:
    """How many times faster than the reference: the medians of the ratios within a repetition."""
    return {name: _median_ratio(times[reference], ts) for name, ts in times.items()}


def peak_bytes(call: Call, device: torch.device) -> int:
    """The most memory in tensors that one call holds at a time, beyond what lived before it.

    On CUDA that is the counter of torch's allocator. On the CPU torch's profiler reports each allocation and release,
    those inside kernels and compiled graphs included, and their running sum is what lives. The resident size of the
    process would count caches and compilers as well, and what the C library has not given back.
    """
    call()  # what stays for good, such as constants kept by a compiled graph, is no matter of the call
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        call()
    assert profiler.profiler is not None
    recorded = profiler.profiler.kineto_results
    assert recorded is not None
    live = peak = 0
    for event in sorted(recorded.events(), key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            live += event.nbytes()  # type: ignore[attr-defined]
            peak = max(peak, live)
    return peak


def machine(device: torch.device) -> dict[str, str | int]:
    """What the figures depend on besides the program: processor, threads, version and date."""
    facts: dict[str, str | int] = {"cpu": processor(), "threads": torch.get_num_threads(), "torch": torch.__version__}
    if device.type == "cuda":
        facts["gpu"] = torch.cuda.get_device_name(device)
    return {**facts, "device": str(device), "date": time.strftime("%Y-%m-%d")}


def device(text: str) -> torch.device:
    """A device from the command line."""
    if not re.fullmatch(r"cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"expected cpu, cuda or cuda:i, got {text!r}")
    if text != "cpu" and not torch.cuda.is_available():
        raise argparse.ArgumentTypeError(f"{text}: this torch sees no CUDA device; use --device cpu")
    return torch.device(text)


def _median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))
