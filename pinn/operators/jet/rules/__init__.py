"""What a torch operation does to derivatives: a rule for each operation, registered by importing this package."""

from pinn.operators.jet.rules import arithmetic, elementwise, shapes, structural

__all__ = ["arithmetic", "elementwise", "shapes", "structural"]
