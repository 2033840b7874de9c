"""Write pyradiomics_filters.csv: pyradiomics' values on filtered images of brain1.

python make_pyradiomics_filters.py FOLDER

FOLDER holds brain1_image.nrrd and brain1_label.nrrd. The configurations are those of
pyradiomics_filters.json. Needs pyradiomics, scikit-image and trimesh; the file was written
with pyradiomics 3.0.1, SimpleITK 2.5.7 and PyWavelets 1.8.0. Functions of SciPy that
pyradiomics' LBP3D calls and newer ones lack are put back first.
"""

from __future__ import annotations

import csv
import json
import logging
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import scipy.ndimage
import scipy.special
import SimpleITK as sitk

HERE = Path(__file__).with_name("pyradiomics_filters.json")


def old_sph_harm(m: int, n: int, theta: Any, phi: Any) -> Any:
    """``scipy.special.sph_harm`` of SciPy before 1.17: theta is the azimuth."""
    k = abs(m)
    part = scipy.special.factorial(n - k) / scipy.special.factorial(n + k)
    scale = np.sqrt((2 * n + 1) / (4 * np.pi) * part)
    value = scale * scipy.special.lpmv(k, n, np.cos(phi)) * np.exp(1j * k * theta)
    return value if m >= 0 else (-1) ** k * np.conj(value)


def main(folder: Path) -> None:
    """Compute every configuration and write the table."""
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    logging.disable(logging.CRITICAL)
    image = sitk.ReadImage(str(folder / "brain1_image.nrrd"))
    label = sitk.ReadImage(str(folder / "brain1_label.nrrd"))
    with HERE.with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["configuration", "feature", "value"])
        for name, how in json.loads(HERE.read_text()).items():
            for key, value in RadiomicsFeatureExtractor(how).execute(image, label).items():
                if not key.startswith("diagnostics"):
                    writer.writerow([name, key, repr(float(value))])


if __name__ == "__main__":
    scipy.special.sph_harm = old_sph_harm
    old = types.ModuleType("scipy.ndimage.interpolation")
    old.map_coordinates = scipy.ndimage.map_coordinates
    sys.modules[old.__name__] = old
    main(Path(sys.argv[1]))
