"""Shared settings, and the strategies that pinn.operators exports: a new one is tested by existing."""

import inspect
from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

import pinn.operators
from pinn.operators import Strategy

# The same examples at every run; `python -m tests.fuzzing.fuzz` tries as many others as asked for.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.load_profile("same")
# Workers share the cores: threads of several of them on the same core are far slower than one each.
torch.set_num_threads(1)

FINAL = [
    cls
    for _, cls in inspect.getmembers(pinn.operators, inspect.isclass)
    if issubclass(cls, Strategy) and not inspect.isabstract(cls)
]
EXACT = [cls() for cls in FINAL if not cls.random]
EXACT_ANYWHERE = [s for s in EXACT if not s.diagonal_only]


def name(strategy: Strategy) -> str:
    return type(strategy).__name__


@pytest.fixture(params=EXACT_ANYWHERE, ids=name)
def strategy(request: pytest.FixtureRequest) -> Strategy:
    """Each strategy that is exact for every field."""
    return request.param


@pytest.fixture(params=EXACT, ids=name)
def strategy_if_diagonal(request: pytest.FixtureRequest) -> Strategy:
    """Each strategy that is exact where the Jacobian is diagonal: `Ones` is one of them."""
    return request.param


@pytest.fixture(scope="session")
def exact_anywhere() -> list[Strategy]:
    """All strategies that are exact for every field."""
    return EXACT_ANYWHERE


@pytest.fixture(scope="session")
def exact_if_diagonal() -> list[Strategy]:
    """All strategies that are exact where the Jacobian is diagonal."""
    return EXACT


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    # Several pytest workers share the cores, and the tensors of a test are small.
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _default_dtype() -> Iterator[None]:
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)
