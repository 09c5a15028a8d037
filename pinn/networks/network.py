"""What all networks of the library share: scaled inputs, checked numbers, and components or none."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from pinn.networks.layers import Bounds, Rescaling, check
from pinn.networks.output_scale import restore_own_scale


class Network(nn.Module, ABC):
    """A network of x̂ = 2(x − lower)/(upper − lower) − 1, which maps the box between `bounds` to [−1, 1]^d.

    `inputs` is the number of coordinates d, `outputs` the number of components, None for a scalar field; x of shape
    (…, d) gives (…) or (…, outputs). `counts`, such as width and depth, are checked. A subclass makes its layers and
    says in `values` what they compute. Without bounds the inputs are taken as they are until `train`, which knows the
    domain, gives it some.
    """

    def __init__(
        self, inputs: int, outputs: int | None, bounds: Bounds | None, *, activation: str, **counts: int
    ) -> None:
        super().__init__()
        check(type(self).__name__, activation, inputs=inputs, outputs=outputs, **counts)
        self.rescale = Rescaling(inputs, bounds)
        self.register_load_state_dict_pre_hook(restore_own_scale)
        self.activation, self.outputs = activation, outputs

    @abstractmethod
    def values(self, x: Tensor) -> Tensor:
        """The components at scaled inputs (…, d): shape (…, outputs), or (…, 1) for a scalar field."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.values(self.rescale(x))
        return y[..., 0] if self.outputs is None else y
