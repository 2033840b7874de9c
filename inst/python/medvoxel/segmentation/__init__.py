"""Segmentation: one algorithm a file."""
