"""Equations: one a file, as in the book."""
