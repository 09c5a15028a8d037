"""A run as one interactive page."""
