from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from dicom_factory import write_series

from medvoxel import Segment, Segmentation, Volume, crop, errors, read_dicom, reorient, slice_files
from medvoxel.geometry import Grid

CODES = [
    "".join(p)
    for letters in product("RL", "AP", "IS")
    for p in permutations(letters)
]  # fmt: skip


def volume_on(grid: Grid) -> Volume:
    return Volume(np.arange(np.prod(grid.shape), dtype=np.int32).reshape(grid.shape), grid, "CT")


def places(volume: Volume) -> dict[int, tuple[float, ...]]:
    """Where each value lies in the patient."""
    index = np.argwhere(np.ones(volume.array.shape, bool))
    points = np.round(volume.grid.index_to_lps(index), 6) + 0.0
    return dict(zip(volume.array.reshape(-1).tolist(), map(tuple, points.tolist()), strict=True))


@pytest.mark.parametrize("axes", CODES)
def test_every_voxel_keeps_its_value_and_place(any_grid, axes):
    grid = any_grid
    small = Grid((2, 3, 4), grid.spacing, grid.origin, grid.direction)
    volume = volume_on(small)
    turned = reorient(volume, axes)
    assert turned.grid.orientation == axes
    assert places(turned) == places(volume)
    assert turned.array.flags.c_contiguous
    back = reorient(turned, volume.grid.orientation)
    np.testing.assert_array_equal(back.array, volume.array)
    assert back.grid.same_as(volume.grid, tolerance=1e-6)


def test_against_simpleitk(any_grid):
    sitk = pytest.importorskip("SimpleITK")
    grid = any_grid
    volume = volume_on(grid)
    image = sitk.GetImageFromArray(volume.array)
    image.SetSpacing(grid.spacing[::-1])
    image.SetOrigin(grid.origin)
    image.SetDirection(grid.direction.ravel().tolist())
    for axes in ("LPS", "RAS", "PIR", "SAL"):
        theirs = sitk.DICOMOrient(image, axes)
        ours = reorient(volume, axes)
        np.testing.assert_array_equal(ours.array, sitk.GetArrayFromImage(theirs))
        np.testing.assert_allclose(ours.grid.origin, theirs.GetOrigin(), atol=1e-6)
        np.testing.assert_allclose(ours.grid.spacing[::-1], theirs.GetSpacing(), atol=1e-9)
        np.testing.assert_allclose(ours.grid.direction.ravel(), theirs.GetDirection(), atol=1e-9)


@pytest.mark.parametrize("axes", ["LP", "LLS", "LPX", "LPSA", "", 3, None])
def test_other_codes_are_refused(axes):
    with pytest.raises(errors.InputError, match="three letters"):
        reorient(volume_on(Grid((2, 3, 4))), axes)


def test_segmentations_keep_their_table():
    grid = Grid((2, 3, 4), (4, 0.8, 0.5))
    segmentation = Segmentation(
        np.eye(3, 4, dtype=np.uint8)[None].repeat(2, 0), grid, (Segment(1, "a", "#112233"),)
    )
    turned = reorient(segmentation, "RSA")
    assert turned.segments == segmentation.segments
    assert turned.array.shape == (3, 2, 4)


def test_files_of_slices_follow_them(tmp_path):
    write_series(tmp_path)
    volume = read_dicom(tmp_path)
    upside = reorient(volume, "RAI")
    assert [s.file for s in slice_files(upside)] == [s.file for s in slice_files(volume)][::-1]
    assert slice_files(reorient(volume, "SPL")) == []
    assert reorient(volume, "SPL").qc == volume.qc
    part = crop(volume, (2, 0, 0), (4, 4, 6))
    assert slice_files(part)[0].file == slice_files(volume)[2].file
    assert len(slice_files(part)) == 3


# --- crop -----------------------------------------------------------------------------


def test_a_box_stays_at_its_place(any_grid):
    grid = any_grid
    volume = volume_on(grid)
    first, last = (1, 2, 1), tuple(n - 2 for n in grid.shape)
    part = crop(volume, first, last)
    assert part.array.shape == tuple(b - a + 1 for a, b in zip(first, last, strict=True))
    whole = places(volume)
    assert all(whole[value] == place for value, place in places(part).items())
    assert crop(volume).grid.same_as(volume.grid)


def test_around_segments_with_margin_in_mm(any_grid):
    small = Grid((9, 10, 11), (4.0, 0.8, 0.5), any_grid.origin, any_grid.direction)
    labels = np.zeros(small.shape, np.uint8)
    labels[4, 5, 5], labels[5, 6, 5] = 1, 7
    segments = (Segment(1, "a", "#000000"), Segment(7, "b", "#ffffff"))
    around = Segmentation(labels, small, segments)
    assert crop(volume_on(small), around=around).array.shape == (2, 2, 1)
    # 1.6 mm: a slice, two rows, four columns on each side.
    part = crop(volume_on(small), around=around, margin=1.6)
    assert part.array.shape == (4, 6, 9)
    assert crop(around, around=around, margin=100).array.shape == small.shape


@pytest.mark.parametrize(
    ("first", "last"),
    [((0, 0, 0), (2, 3, 4)), ((-1, 0, 0), None), ((1, 1, 1), (0, 2, 2)), ((0, 0), None),
     ((0.5, 0, 0), None)],
)  # fmt: skip
def test_boxes_that_are_none(first, last):
    with pytest.raises(errors.InputError):
        crop(volume_on(Grid((2, 3, 4))), first, last)


def test_segmentations_that_do_not_help():
    volume = volume_on(Grid((2, 3, 4)))
    empty = Segmentation(np.zeros((2, 3, 4), np.uint8), volume.grid, ())
    with pytest.raises(errors.InputError, match="empty"):
        crop(volume, around=empty)
    with pytest.raises(errors.InputError, match="not both"):
        crop(volume, (0, 0, 0), around=empty)
    with pytest.raises(errors.InputError, match="margin"):
        crop(volume, around=empty, margin=-1)
    elsewhere = Segmentation(empty.array, Grid((2, 3, 4), origin=(5, 0, 0)), ())
    with pytest.raises(errors.GeometryError, match="another grid"):
        crop(volume, around=elsewhere)
