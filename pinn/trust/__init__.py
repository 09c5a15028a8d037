"""Trust: what a pointwise residual cannot see, and what can be said of an error that nobody knows."""

from pinn.trust.continuity import Break, breaks
from pinn.trust.contradictions import refuse_contradictions
from pinn.trust.correction import Correction, corrected
from pinn.trust.error_estimate import ErrorEstimate, estimate_error
from pinn.trust.examination import Examination, examined
from pinn.trust.undetermined import null_directions

__all__ = [
    "Break",
    "Correction",
    "ErrorEstimate",
    "Examination",
    "breaks",
    "corrected",
    "estimate_error",
    "examined",
    "null_directions",
    "refuse_contradictions",
]
