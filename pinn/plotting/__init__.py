"""Figures of a run, with matplotlib."""
