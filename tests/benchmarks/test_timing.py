"""What the benchmarks share: who takes part, which ratio is whose, how much memory, on what machine."""

import argparse
import re
from collections.abc import Callable

import pytest
import torch

from benchmarks import timing

CPU = torch.device("cpu")


class FakeClock:
    """A clock that only calls move on, each by the seconds that it is said to take."""

    def __init__(self) -> None:
        self.now = 0.0
        self.done: list[str] = []

    def __call__(self) -> float:
        return self.now

    def call(self, name: str, seconds: float) -> Callable[[], None]:
        def work() -> None:
            self.now += seconds
            self.done.append(name)

        return work


def test_every_call_takes_its_turn_in_each_repetition() -> None:
    clock = FakeClock()
    calls = {name: clock.call(name, seconds) for name, seconds in (("a", 0.5), ("b", 1.0), ("c", 2.0))}
    times = timing.interleaved(calls, 4, CPU, clock=clock)
    assert times == {"a": [0.5] * 4, "b": [1.0] * 4, "c": [2.0] * 4}
    assert "".join(clock.done[-12:]) == "abc" * 4


def test_quick_calls_are_timed_several_times_in_a_row() -> None:
    clock = FakeClock()
    times = timing.interleaved({"quick": clock.call("quick", timing.SHORTEST / 8)}, 2, CPU, clock=clock)
    assert len(clock.done) == 1 + 1 + 2 * 8  # warm-up, estimate, and each repetition as long as the clock needs
    assert times["quick"] == pytest.approx([timing.SHORTEST / 8] * 2)


def test_slow_calls_are_left_out_but_never_the_reference() -> None:
    clock = FakeClock()
    calls = {"reference": clock.call("r", 0.02), "slow": clock.call("s", 0.02), "quick": clock.call("q", 0.005)}
    assert timing.interleaved(calls, 2, CPU, limit_s=0.01, clock=clock).keys() == {"reference", "quick"}
    assert clock.done.count("s") == 1


def test_a_budget_means_fewer_repetitions_but_three() -> None:
    for repeats, budget_s, expected in ((50, 1e-6, timing.FEWEST), (2, 1e-6, 2), (50, 5.0, 10), (7, 5.0, 7)):
        clock = FakeClock()
        times = timing.interleaved({"a": clock.call("a", 0.5)}, repeats, CPU, budget_s=budget_s, clock=clock)
        assert len(times["a"]) == expected


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
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(machine["date"]))


@pytest.mark.parametrize("text", ["abacus", "cpu:0", "cuda:x"])
def test_unknown_devices_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="cpu, cuda or cuda:i"):
        timing.device(text)
