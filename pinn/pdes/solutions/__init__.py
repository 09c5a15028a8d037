"""Closed forms that equations are validated against."""
