"""NIfTI files and headers, for the tests."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np

from medvoxel import Grid, Volume

RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
ENDINGS = [".nii", ".nii.gz"]


def scan_on(grid: Grid, dtype=np.int16) -> Volume:
    values = np.arange(np.prod(grid.shape)).reshape(grid.shape).astype(dtype)
    return Volume(values, grid, modality="CT", unit="HU")


def save(path, array, affine=None, **header):
    """Write with nibabel; array (x, y, z)."""
    image = nibabel.Nifti1Image(array, affine)
    for key, value in header.items():
        image.header[key] = value
    image.to_filename(path)


def raw_header(path):
    content = path.read_bytes()
    if path.name.endswith(".gz"):
        content = gzip.decompress(content)
    return nibabel.Nifti1Header(content[:348])


def row(scan, check):
    """The row of the quality table with that name."""
    (found,) = [r for r in scan.qc if r.check == check]
    return found


def patch(path, offset, values):
    """Overwrite bytes of a file."""
    content = bytearray(path.read_bytes())
    content[offset : offset + values.nbytes] = values.tobytes()
    path.write_bytes(content)
