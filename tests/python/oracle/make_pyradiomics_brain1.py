"""Write pyradiomics_brain1.csv: pyradiomics' values of its test case brain1.

python make_pyradiomics_brain1.py FOLDER

FOLDER holds brain1_image.nrrd and brain1_label.nrrd. The configurations are those of
pyradiomics_brain1.json; a ``slice`` keeps one slice of the label. Needs pyradiomics, which
installs from source only; the file was written with 3.0.1 and SimpleITK 2.5.7.
"""

from __future__ import annotations

import csv
import json
import logging
import sys
from pathlib import Path
from typing import Any

import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

HERE = Path(__file__).with_name("pyradiomics_brain1.json")


def main(folder: Path) -> None:
    """Compute every configuration and write the table."""
    logging.disable(logging.CRITICAL)
    image = sitk.ReadImage(str(folder / "brain1_image.nrrd"))
    label = sitk.ReadImage(str(folder / "brain1_label.nrrd"))
    configurations = json.loads(HERE.read_text())
    columns = {name: values(image, label, how) for name, how in configurations.items()}
    features = dict.fromkeys(key for column in columns.values() for key in column)
    with HERE.with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["feature", *columns])
        for feature in features:
            writer.writerow([feature, *(column.get(feature, "") for column in columns.values())])


def values(image: sitk.Image, label: sitk.Image, how: dict[str, Any]) -> dict[str, str]:
    """Give the features of one configuration, all digits."""
    extractor = RadiomicsFeatureExtractor(
        {
            "setting": how["setting"],
            "featureClass": {name: [] for name in how["classes"]},
            "imageType": {"Original": {}},
        }
    )
    mask = label if "slice" not in how else one_slice(label, how["slice"])
    found = extractor.execute(image, mask)
    return {key: repr(float(v)) for key, v in found.items() if key.startswith("original")}


def one_slice(label: sitk.Image, index: int) -> sitk.Image:
    """Keep one slice of a label."""
    array = sitk.GetArrayFromImage(label)
    array[:index] = 0
    array[index + 1 :] = 0
    kept = sitk.GetImageFromArray(array)
    kept.CopyInformation(label)
    return kept


if __name__ == "__main__":
    main(Path(sys.argv[1]))
