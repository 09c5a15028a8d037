"""Strategies: how a derivative is computed, one way a file."""
