"""What the benchmarks share: who takes part, which ratio is whose, how much memory, on what machine."""

import argparse
import time

import pytest
import torch

from benchmarks import timing

CPU = torch.device("cpu")


def test_every_call_takes_its_turn_in_each_repetition() -> None:
    done: list[str] = []

    def call(name: str) -> None:
        done.append(name)
        time.sleep(2 * timing.SHORTEST)

    times = timing.interleaved({name: lambda name=name: call(name) for name in "abc"}, 4, CPU)
    assert {name: len(ts) for name, ts in times.items()} == {"a": 4, "b": 4, "c": 4}
    assert "".join(done[-12:]) == "abc" * 4


def test_quick_calls_are_timed_several_times_in_a_row() -> None:
    count = 0

    def quick() -> None:
        nonlocal count
        count += 1

    times = timing.interleaved({"quick": quick}, 2, CPU)
    assert count > 100
    assert max(times["quick"]) < timing.SHORTEST


def test_slow_calls_are_left_out_but_never_the_reference() -> None:
    calls = {"reference": lambda: time.sleep(0.02), "slow": lambda: time.sleep(0.02), "quick": lambda: None}
    assert timing.interleaved(calls, 2, CPU, limit_s=0.01).keys() == {"reference", "quick"}


def test_a_small_budget_means_three_repetitions() -> None:
    calls = {"a": lambda: time.sleep(0.005)}
    assert len(timing.interleaved(calls, 50, CPU, budget_s=1e-6)["a"]) == timing.FEWEST
    assert len(timing.interleaved(calls, 2, CPU, budget_s=1e-6)["a"]) == 2


def test_ratios_are_medians_within_repetitions() -> None:
    times = {"r": [1.0, 2.0, 4.0], "x": [2.0, 8.0, 12.0]}
    assert timing.seconds(times) == {"r": 2.0, "x": 8.0}
    assert timing.ratios(times, "r") == {"r": 1.0, "x": 3.0}
    assert timing.speedups(times, "r") == {"r": 1.0, "x": 1 / 3}


def test_peak_memory_counts_what_lives_at_a_time() -> None:
    def call() -> torch.Tensor:
        a = torch.zeros(1000, dtype=torch.float64)
        b = a + 1
        del a
        return b * 2

    assert 16000 <= timing.peak_bytes(call, CPU) < 16100  # and the numbers 1 and 2


def test_peak_memory_leaves_out_what_lived_before() -> None:
    x = torch.zeros(10_000)
    assert timing.peak_bytes(lambda: x.sum(), CPU) < 1000


def test_the_machine_is_described() -> None:
    machine = timing.machine(CPU)
    assert machine["torch"] == torch.__version__
    assert machine["threads"] == torch.get_num_threads()
    assert machine["cpu"]
    assert machine["date"] == time.strftime("%Y-%m-%d")


@pytest.mark.parametrize("text", ["abacus", "cpu:0", "cuda:x"])
def test_unknown_devices_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="cpu, cuda or cuda:i"):
        timing.device(text)
