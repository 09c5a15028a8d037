"""Trackers of experiments, beside the metrics that every run writes."""
