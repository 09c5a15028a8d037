"""A problem of which some conditions are left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from pinn.pdes.condition import Condition
from pinn.pdes.derived.wrapper import Wrapper


@dataclass(frozen=True)
class Kept(Wrapper):
    """A PDE with some of its conditions left out, but not its equation."""

    keep: Sequence[str] | None

    def conditions(self) -> tuple[Condition, ...]:
        conditions = enumerate(self.pde.conditions())
        return tuple(c for k, c in conditions if k == 0 or self.keep is None or c.name in self.keep)
