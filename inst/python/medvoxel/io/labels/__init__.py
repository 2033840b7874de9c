"""Labelmaps: their tables, their layers, and the grid on which they belong."""
