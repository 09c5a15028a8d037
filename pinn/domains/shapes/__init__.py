"""Shapes: domains of their own geometry, one a file."""
