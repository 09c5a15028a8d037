"""Which network and which optimizer a problem asks for, found from the problem itself by short trials."""

from pinn.methods.candidates import Candidate
from pinn.methods.choice import Choice
from pinn.methods.facts import Facts, facts_of
from pinn.methods.search import BUDGET_S, AsNamed, Method, Search
from pinn.methods.trial import Trial, tried

__all__ = ["BUDGET_S", "AsNamed", "Candidate", "Choice", "Facts", "Method", "Search", "Trial", "facts_of", "tried"]
