"""Random bad input for the two readers of foreign text and files: `python scripts/fuzz.py formulas --inputs 100000`.

Texts of formulas are mutations of valid ones and random words: each is read, or refused by a ValueError, in a second.
Checkpoints are damaged copies of a good one: each is refused by a ValueError, or loads the very weights saved before.
"""

import argparse
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch

from pinn import load_run
from pinn.expressions import Equations, Names
from tests.fuzzing.damage import SIGNED_ANEW, damaged, good_run

LONGEST_S = 1.0
VALID = (
    "dt(u) + u*dx(u) = nu*dx(dx(u))",
    "-laplacian(u) = 2*pi**2*sin(pi*x)*cos(pi*y)",
    "dt(dt(u)) - c**2*lap(u) + u**3 = exp(-t)*(1 + x**2)/(2 + cos(y))",
    "div((1 + x**2)*grad(u)) - dot(grad(u), grad(v)) = sqrt(1 + v**2)",
    "laplacian(laplacian(u)) + abs(v) - tanh(u)*sinh(x)/cosh(x) = log(2 + x**2)",
    "dx(dx(dx(dx(u)))) + 6*u*dx(u) - sign(x)*tan(x) = 1.5e-3*x1 + .5*x2",
    "div([u*v, dx(u) - v]) + e**(-x**2) = k*((u - v)*(u + v))",
)
WORDS = (
    *"""
    + - * / ** ( ) [ ] , = . e pi t x y z x1 x4 u v nu k c 0 1 2 -1 0.5 1e300 1e-300 1e999 9 99999999 100 101 9**9**9
    sin( cos( tan( exp( log( sqrt( abs( sign( tanh( sinh( cosh( dt( dx( dy( dz( lap( laplacian( grad( div( dot(
    ^ ² π ∂ ∇ _ __import__ lambda if x.real 0x1F 1_000 1j # \\ " ' ; : @ ! % & | ~ < > { }
    ٣ ｘ 😀 None True f(*a) u.__class__
    """.split(),  # noqa: SIM905
    *("import os", "\t", "\n", "\x00", "\u202e", "\ud800"),
)


def main() -> None:
    """Run as many inputs as asked for and print how many came to what."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=sorted(FUZZERS))
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()
    found = FUZZERS[arguments.what](arguments.inputs, arguments.seed)
    seconds = time.perf_counter() - start
    for outcome, count in sorted(found.items()):
        print(f"{count:>9}  {outcome}")
    print(f"{seconds:.1f} s, {arguments.inputs / seconds:.0f} inputs a second")
    if any(outcome.startswith("WRONG") for outcome in found):
        raise SystemExit(1)


def fuzz_formulas(inputs: int, seed: int) -> Counter[str]:
    """How many texts were read, refused, or came to anything else, which is WRONG."""
    rng, found = random.Random(seed), Counter[str]()
    names = Names(2, True, ("u", "v"), {"nu": 0.1, "k": "1 + x**2", "c": "2"})
    for _ in range(inputs):
        text = mutated(rng)
        found[outcome(lambda text=text: Equations.of(text, names), "read", text)] += 1
    return found


def fuzz_checkpoints(inputs: int, seed: int) -> Counter[str]:
    """How many damaged checkpoints were refused, loaded unharmed, or came to anything else, which is WRONG."""
    rng, found = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        run = good_run(Path(name))
        whole = (run / "checkpoint.pt").read_bytes()
        point = torch.tensor([0.3, 0.7], dtype=torch.float64)
        value = load_run(run)(point)

        def load(kind: str) -> None:
            field = load_run(run)
            if kind != SIGNED_ANEW and not torch.equal(field(point), value):
                raise AssertionError("other weights, without a word")

        for _ in range(inputs):
            kind, data = damaged(whole, rng, run)
            (run / "checkpoint.pt").write_bytes(data)
            result = outcome(partial(load, kind), f"loaded ({kind})", kind, says="checkpoint.pt")
            found[f"{result.split(':')[0]} ({kind})" if result.startswith("refused") else result] += 1
            if (run / "executed").exists():
                (run / "executed").unlink()
                found[f"WRONG: code was executed ({kind})"] += 1
    return found


FUZZERS: dict[str, Callable[[int, int], Counter[str]]] = {"formulas": fuzz_formulas, "checkpoints": fuzz_checkpoints}


def outcome(attempt: Callable[[], object], good: str, shown: str, *, says: str = "") -> str:
    """What comes of an attempt, in few words; a ValueError has to say `says`."""
    try:
        with limited(LONGEST_S):
            attempt()
    except ValueError as error:
        return "refused" if says in str(error) else f"WRONG: {error} does not say {says}: {shown[:200]!r}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"WRONG: {type(error).__name__}: {str(error)[:100]}: {shown[:200]!r}"
    return good


def mutated(rng: random.Random) -> str:
    """A valid text with some changes, words at random, or something deep or long."""
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(("", " ")).join(rng.choices(WORDS, k=rng.randint(1, 20)))
    if kind < 0.31:
        opening = rng.choice(("(", "-", "[", "sin(", "dx(", "lap(", "1+", "u*", "2**", "(u+1)*", "tan(x)*"))
        n = rng.choice((5, 20, 39, 40, 41, 100, 1000, 5000))
        return opening * n + "u" + ")" * (n if "(" in opening and rng.random() < 0.8 else 0)
    text = rng.choice(VALID)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        a, b = sorted(rng.randint(0, len(text)) for _ in range(2))
        change = rng.random()
        if change < 0.4:
            text = text[:a] + rng.choice(WORDS) + text[a:]
        elif change < 0.6:
            text = text[:a] + text[min(b, a + 3) :]
        elif change < 0.7:
            text = text[:b] + text[a:]
        elif change < 0.8:
            text = text[:a] + rng.choice(VALID)[a : a + 12] + text[b:]
        elif change < 0.9:
            text = text[:a] + chr(rng.choice((rng.randint(0, 127), rng.randint(0, 0x10FFFF)))) + text[a + 1 :]
        else:
            text = text[:a] + rng.choice(("lap(", "dx(", "dt(", "grad(", "sin(", "(")) + text[a:b] + ")" + text[b:]
    return text


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """TimeoutError for what takes longer; on systems without such a clock no limit."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(*_: object) -> None:
        raise TimeoutError(f"took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    main()
