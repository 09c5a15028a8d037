"""Domains made of other domains: combined, moved, extruded, tagged, in time, over parameters."""
