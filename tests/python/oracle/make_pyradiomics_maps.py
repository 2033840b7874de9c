"""Write pyradiomics_maps.csv: pyradiomics' voxel-based values on a small phantom.

python make_pyradiomics_maps.py

The phantom, its segment and the settings are those of pyradiomics_maps.json. Needs
pyradiomics, which installs from source only; the file was written with 3.0.1.
"""

from __future__ import annotations

import csv
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

HERE = Path(__file__).with_name("pyradiomics_maps.json")


def main() -> None:
    """Compute every configuration and write a row for every third voxel of the segment."""
    logging.disable(logging.CRITICAL)
    case = json.loads(HERE.read_text())
    labels = np.array(case["labels"], np.uint8)
    spacing = case["spacing"][::-1]
    rows: list[dict[str, Any]] = []
    for name, settings in case["settings"].items():
        found = maps(np.array(case["values"], np.int16), labels, spacing, settings)
        for place in np.argwhere(labels == 1)[::3].tolist():
            values = {key: repr(float(array[tuple(place)])) for key, array in found.items()}
            rows.append({"settings": name, "voxel": " ".join(map(str, place)), **values})
    with HERE.with_suffix(".csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def maps(
    values: np.ndarray, labels: np.ndarray, spacing: list[float], settings: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Give the maps of one configuration in the box of the phantom."""
    windows = ("kernelRadius", "maskedKernel", "initValue")
    extractor = RadiomicsFeatureExtractor(
        {
            "setting": {key: value for key, value in settings.items() if key not in windows},
            "voxelSetting": {key: value for key, value in settings.items() if key in windows},
            "featureClass": {"firstorder": [], "glcm": []},
        }
    )
    image, mask = sitk.GetImageFromArray(values), sitk.GetImageFromArray(labels)
    image.SetSpacing(spacing)
    mask.SetSpacing(spacing)
    found = extractor.execute(image, mask, voxelBased=True)
    result = {}
    for key, part in found.items():
        if key.startswith("original"):
            # The maps are cropped to the segment and the radius around it.
            whole = sitk.Resample(part, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0.0)
            result[key] = sitk.GetArrayFromImage(whole)
    return result


if __name__ == "__main__":
    main()
