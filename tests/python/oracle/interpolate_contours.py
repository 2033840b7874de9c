"""Fill the slices between by ITK's morphological contour interpolation.

python interpolate_contours.py DRAWN.npz FILLED.npz Z Y X

Every array of DRAWN is a labelmap whose drawn slices are planes of its first axis; Z, Y and X
are the spacing in mm. Needs itk-morphologicalcontourinterpolation.
"""

from __future__ import annotations

import os
import sys

import itk
import numpy as np
from numpy.typing import NDArray


def interpolate(drawn: NDArray[np.uint8], spacing: list[float]) -> NDArray[np.uint8]:
    """Fill one labelmap."""
    image = itk.image_from_array(drawn)
    image.SetSpacing(spacing[::-1])
    between = itk.MorphologicalContourInterpolator[type(image)].New()
    between.SetInput(image)
    between.SetAxis(2)
    between.Update()
    return itk.array_from_image(between.GetOutput())


def main() -> None:
    """Write the file."""
    source, target, *spacing = sys.argv[1:]
    steps = [float(step) for step in spacing]
    with np.load(source) as drawn:
        np.savez(target, **{name: interpolate(drawn[name], steps) for name in drawn})
    # ITK 5.4 with this module often crashes when Python takes it down.
    os._exit(0)


if __name__ == "__main__":
    main()
