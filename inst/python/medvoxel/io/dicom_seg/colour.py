"""Colours of DICOM segments: CIELab values as unsigned 16-bit integers, and ``#RRGGBB``.

DICOM PS3.3, C.10.7.1.1, gives the coding. The white point is D65, that of sRGB: DCMTK,
dcmjs, highdicom and 3D Slicer all read and write it so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["hex_from_lab", "lab_from_hex"]

_FULL = 65535.0


def hex_from_lab(value: Any) -> str | None:
    """Colour of a Recommended Display CIELab Value.

    Parameters
    ----------
    value : sequence of 3 int or None
        As the file gives it.

    Returns
    -------
    str or None
        ``#RRGGBB``, the nearest in sRGB; ``None`` when there is no proper value.
    """
    if value is None or isinstance(value, int | str | bytes) or len(value) != 3:
        return None
    from skimage.color import lab2rgb

    light, a, b = (float(v) / _FULL for v in value)
    lab = np.array([[light * 100, a * 255 - 128, b * 255 - 128]])
    red, green, blue = np.rint(255 * _quiet(lab2rgb, lab)[0]).astype(int)
    return f"#{red:02X}{green:02X}{blue:02X}"


def lab_from_hex(colour: str) -> tuple[float, float, float]:
    """CIELab colour of ``#RRGGBB``.

    Parameters
    ----------
    colour : str
        The colour.

    Returns
    -------
    tuple of float
        L* from 0 to 100, a* and b* from -128 to 127.
    """
    from skimage.color import rgb2lab

    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    light, a, b = (float(v) for v in rgb2lab(np.array([rgb]))[0])
    # White comes out a rounding above 100, which DICOM has no number for.
    return min(max(light, 0.0), 100.0), a, b


def _quiet(function: Any, lab: Any) -> Any:
    import warnings

    # Colours that sRGB does not have are brought to its border, with a warning.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(lab)
