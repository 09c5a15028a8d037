"""Regions: where on a domain a condition holds, and how its points are drawn."""
