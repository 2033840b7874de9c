"""Filtered images that radiomics features are computed on, pyradiomics' and IBSI's."""

from __future__ import annotations

from ._own_settings import check_filters
from ._plan import FilterStep, Source, filter_steps, filtered_images, image_names

__all__ = [
    "FilterStep",
    "Source",
    "check_filters",
    "filter_steps",
    "filtered_images",
    "image_names",
]
