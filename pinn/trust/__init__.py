"""Trust: what a pointwise residual cannot see, and what can be said of an error that nobody knows."""

from pinn.trust.continuity import Break, breaks

__all__ = ["Break", "breaks"]
