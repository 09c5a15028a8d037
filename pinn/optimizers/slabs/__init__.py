"""Evolution equations slab by slab of time."""

from pinn.optimizers.slabs.slabs import Slabs

__all__ = ["Slabs"]
