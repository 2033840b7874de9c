"""The same voxels at the same places as dcm2niix, an independent converter.

Both readers may run along an axis in either sense: their images are brought to one order by
flips and exchanges of axes, which nibabel does and which change no value.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import nibabel
import numpy as np
import pytest
from dicom_factory import MR, SPACING, positions, stored_values, write_enhanced, write_series

from medvoxel import Volume, read_dicom, write_nifti

dcm2niix = pytest.importorskip("dcm2niix")

# -m y: what has one series UID is one series, as for read_dicom().
_OPTIONS = ("-b", "n", "-z", "n", "-m", "y", "-f", "s%s")
# -p n: the rescale values of the standard, where Philips has others beside them.
_PHILIPS = ("-p", "n")
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def convert(folder: Path, out: Path, *more: str) -> list[Path]:
    """What dcm2niix makes of a folder."""
    out.mkdir()
    command = [dcm2niix.bin, *_OPTIONS, *more, "-o", str(out), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    made = sorted(out.glob("*.nii"))
    assert made, done.stdout + done.stderr
    return made


def canonical(affine_ras: np.ndarray, values: np.ndarray) -> nibabel.Nifti1Image:
    """The image with its axes as near to right, anterior and superior as they go."""
    return nibabel.as_closest_canonical(nibabel.Nifti1Image(values, affine_ras))


def assert_same(scan: Volume, converted: Path) -> None:
    """Compare values, and the places of all eight corners."""
    truth = nibabel.load(converted)
    expected = np.asarray(truth.dataobj, dtype=np.float64)
    theirs = canonical(truth.affine, expected.reshape(expected.shape[:3]))
    ours = canonical(_LPS @ scan.grid.affine, scan.array.T.astype(np.float64))
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-3)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in ours.shape])).reshape(3, -1).T
    np.testing.assert_allclose(
        nibabel.affines.apply_affine(ours.affine, corners),
        nibabel.affines.apply_affine(theirs.affine, corners),
        atol=1e-3,
    )
    # Fractions: they store a slope of single precision, we store values of it.
    whole = scan.array.dtype.kind == "i"
    np.testing.assert_allclose(
        np.asarray(ours.dataobj), np.asarray(theirs.dataobj), rtol=0 if whole else 5e-7, atol=0
    )


REAL = [
    "ct-trunk/dicom",
    "leg-ct-mr/ct-dicom/image",
    "leg-ct-mr/mr-dicom/image",
    "pelvis-ct/dicom",
    *(
        f"dicom-variants/{name}"
        for name in (
            "anatomical/001", "anatomical/001_implicit", "anatomical/002_non_isotropic",
            "compressed/001", "compressed_j2k/001", "compressed_jpeg/001",
            "compressed_jpegls/001", "compressed_rle/001", "enhanced-philips/001",
            "enhanced-philips/001_implicit", "failing/slicecount/001",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_real_series(test_data, tmp_path, name):
    folder = test_data(*name.split("/"))
    more = _PHILIPS if "philips" in name else ()
    (made,) = convert(folder, tmp_path / "out", *more)
    assert_same(read_dicom(folder), made)


# --- series that are written here -----------------------------------------------------

_ANGLES = np.radians([23.0, -31.0])
_OBLIQUE = tuple(
    float(v)
    for v in np.round(
        np.array([[1, 0, 0], [0, np.cos(_ANGLES[0]), np.sin(_ANGLES[0])]])
        @ np.array([[np.cos(_ANGLES[1]), 0, np.sin(_ANGLES[1])], [0, 1, 0],
                    [-np.sin(_ANGLES[1]), 0, np.cos(_ANGLES[1])]]),
        12,
    ).ravel()
)  # fmt: skip
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
TURNED = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)


def _shuffled(folder: Path) -> None:
    order = [4, 1, 5, 0, 3, 2]
    write_series(
        folder, names=[f"IM{order[i]}.dcm" for i in range(6)],
        each=[{"InstanceNumber": 6 - i} for i in range(6)],
    )  # fmt: skip


def _along(orientation: Sequence[float], step: float = SPACING[0]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        write_series(
            folder, places=positions(6, orientation=orientation, step=step),
            ImageOrientationPatient=list(orientation),
        )  # fmt: skip

    return write


def _slopes(folder: Path) -> None:
    pairs = [(1, -1024), (2, 0), (0.5, 3), (1, 7), (4, -9), (0.25, 0)]
    each = [{"RescaleSlope": s, "RescaleIntercept": i} for s, i in pairs]
    write_series(folder, each=each)


def _whole_slopes(folder: Path) -> None:
    write_series(folder, each=[{"RescaleSlope": 1 + i, "RescaleIntercept": -i} for i in range(6)])


def _signed(folder: Path) -> None:
    values = stored_values().astype(np.int16) - 100
    write_series(folder, values, RescaleIntercept=0)


def _twelve_bits(folder: Path) -> None:
    values = stored_values() + 0x0700
    write_series(folder, values, BitsStored=12, HighBit=11)


def _large(folder: Path) -> None:
    # 16 unsigned bits to the last one: what two's complement would make negative.
    values = stored_values() * 300 + 3000
    write_series(folder, values.astype(np.uint16), RescaleIntercept=0)


def _eight_bits(folder: Path) -> None:
    write_series(folder, (stored_values() % 251).astype(np.uint8))


def _magnetic_resonance(folder: Path) -> None:
    write_series(folder, RescaleSlope=None, RescaleIntercept=None, **MR)


def _thick(folder: Path) -> None:
    write_series(folder, places=positions(6, step=2.5), SliceThickness=5, SpacingBetweenSlices=5)


WRITTEN = {
    "anisotropic": write_series,
    "shuffled": _shuffled,
    "against the normal": _along((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), -4.0),
    "oblique": _along(_OBLIQUE),
    "oblique against the normal": _along(_OBLIQUE, -4.0),
    "coronal": _along(CORONAL),
    "sagittal": _along(SAGITTAL),
    "feet first": _along(TURNED),
    "overlapping": _thick,
    "slopes of fractions": _slopes,
    "whole slopes": _whole_slopes,
    "signed": _signed,
    "twelve bits": _twelve_bits,
    "sixteen bits": _large,
    "eight bits": _eight_bits,
    "without rescale": _magnetic_resonance,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_written_series(tmp_path, name):
    WRITTEN[name](tmp_path / "series")
    (made,) = convert(tmp_path / "series", tmp_path / "out")
    assert_same(read_dicom(tmp_path / "series"), made)


def test_enhanced_frames_in_any_order(tmp_path):
    folder = tmp_path / "series"
    folder.mkdir()
    places = positions(6)
    order = [3, 0, 5, 1, 4, 2]
    write_enhanced(
        folder / "enhanced.dcm", stored_values()[order], places=[places[i] for i in order],
        rescale=[(1, -1024)] * 6,
        content=[{"StackID": "1", "InStackPositionNumber": i + 1,
                  "DimensionIndexValues": [1, i + 1]} for i in order],
    )  # fmt: skip
    (made,) = convert(folder, tmp_path / "out")
    scan = read_dicom(folder)
    np.testing.assert_array_equal(scan.array, stored_values().astype(int) - 1024)
    assert_same(scan, made)


def test_what_we_write_places_voxels_as_dcm2niix_does(tmp_path):
    # The two NIfTI files, not what our reader makes of ours.
    _along(_OBLIQUE)(tmp_path / "series")
    (made,) = convert(tmp_path / "series", tmp_path / "out")
    write_nifti(read_dicom(tmp_path / "series"), tmp_path / "ours.nii")
    ours, theirs = (
        nibabel.as_closest_canonical(nibabel.load(path)) for path in (tmp_path / "ours.nii", made)
    )
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-3)
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())
