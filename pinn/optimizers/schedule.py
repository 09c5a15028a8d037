"""A schedule: optimizers in turn, each from where the last one ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinn.objective import LossTerms, Objective
from pinn.optimizers.optimizer import Iteration, Optimizer
from pinn.typing import Params


@dataclass(frozen=True)
class Schedule(Optimizer):
    """Runs `stages` in turn, each for its own number of steps; a stage that stalls ends early.

    A longer run prolongs the last stage. `stages` may have names, as in a YAML file. Raises ValueError without stages.
    """

    stages: Sequence[Optimizer] | Mapping[str, Optimizer]

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("Schedule needs at least one stage.")

    @property
    def in_order(self) -> tuple[Optimizer, ...]:
        """The stages in the order in which they run."""
        return tuple(self.stages.values()) if isinstance(self.stages, Mapping) else tuple(self.stages)

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.in_order)

    def start(self, params: Params, steps: int) -> Iteration:
        return _InTurn(self.in_order, params, steps)


class _InTurn(Iteration):
    def __init__(self, stages: tuple[Optimizer, ...], params: Params, steps: int) -> None:
        self._left_steps, self._done = steps, 0
        self._stages = self._left_stages = stages
        self._begin(params)

    @property
    def params(self) -> Params:
        return self._iteration.params

    @property
    def name(self) -> str:
        return self._iteration.name

    @property
    def accepts_new_points(self) -> bool:
        return self._iteration.accepts_new_points

    @property
    def figures(self) -> Mapping[str, float]:
        return self._iteration.figures

    @property
    def stalled(self) -> bool:
        return self._iteration.stalled and not self._left_stages

    def state_dict(self) -> dict[str, Any]:
        return {
            "stage": len(self._stages) - len(self._left_stages) - 1,
            "stage_left": self._stage_steps,
            "planned": self._planned,
            "done": self._done,
            "iteration": self._iteration.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        stage = state["stage"]
        self._left_stages = self._stages[stage + 1 :]
        self._done, self._planned = state["done"], state["planned"]
        # The run may be meant to be longer than the one before: that prolongs its last stage.
        self._left_steps -= self._done
        self._stage_steps = state["stage_left"] if self._left_stages else self._left_steps
        self._iteration = self._stages[stage].start(state["iteration"]["params"], self._planned)
        self._iteration.load_state_dict(state["iteration"], objective)

    def reduce_step(self) -> None:
        self._iteration.reduce_step()

    def step(self, objective: Objective) -> LossTerms:
        if self._left_stages and (self._stage_steps <= 0 or self._iteration.stalled):
            self._begin(self._iteration.params)
        self._stage_steps -= 1
        self._left_steps -= 1
        self._done += 1
        return self._iteration.step(objective)

    def _begin(self, params: Params) -> None:
        stage, *rest = self._left_stages
        self._left_stages = tuple(rest)
        self._stage_steps = min(stage.steps, self._left_steps) if rest else self._left_steps
        self._planned = max(self._stage_steps, 1)
        self._iteration = stage.start(params, self._planned)
