"""SOAP, Adam in the eigenbasis of Shampoo's preconditioner."""

from dataclasses import dataclass
from typing import ClassVar

from pinn.objective.memory import size_of
from pinn.optimizers.first_order import FirstOrder, check_rates
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied
from pinn.optional import package
from pinn.typing import Params

_LONGEST = 10_000
"""The package preconditions no side of a matrix that is longer."""


@dataclass(frozen=True)
class SOAP(Optimizer):
    """SOAP (Vyas et al. 2024, arXiv:2409.11321), from the package pytorch-optimizer: `pip install "pinn-solver[soap]"`.

    For networks too large for Gauss–Newton methods (Wang et al. 2025, arXiv:2502.00604). The learning rate falls from
    `lr` to `final_lr` along half a cosine; the eigenbases are refreshed every `refresh` steps. Raises ValueError unless
    0 <= final_lr <= lr, 0 <= β < 1, refresh >= 1 and steps >= 1; the start raises MissingPackageError
    without the package.
    """

    name: ClassVar[str] = "soap"
    title: ClassVar[str] = "SOAP"
    first_order: ClassVar[bool] = True

    lr: float = 3e-2
    final_lr: float = 1e-4
    beta1: float = 0.95
    beta2: float = 0.95
    refresh: int = 2
    steps: int = 2000

    def __post_init__(self) -> None:
        check_steps("SOAP", self.steps)
        check_rates("SOAP", self.lr, self.final_lr)
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise ValueError(f"SOAP needs 0 <= beta < 1, got beta1={self.beta1} and beta2={self.beta2}.")
        if self.refresh < 1:
            raise ValueError(f"SOAP needs refresh >= 1 steps, got refresh={self.refresh}.")

    def start(self, params: Params, steps: int) -> Iteration:
        method_class = package("pytorch_optimizer", "soap", "optimizer=soap").SOAP
        theta = copied(params)
        method = method_class(
            list(theta.values()),
            lr=self.lr,
            betas=(self.beta1, self.beta2),
            weight_decay=0.0,
            precondition_frequency=self.refresh,
        )
        return FirstOrder(self.name, theta, [method], steps, self.final_lr / self.lr)

    def working_set(self, M: int, params: Params) -> float:
        """Two moments, and for each side of a matrix a square of it and its eigenvectors."""
        squares = sum(2 * n**2 for value in params.values() if value.dim() == 2 for n in value.shape if n <= _LONGEST)
        return super().working_set(M, params) + 3 * size_of(params) + squares
