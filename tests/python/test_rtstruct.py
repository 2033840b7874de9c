"""Structure sets: contours become voxels of a scan, in any direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_factory import write_series
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from rtstruct_factory import (
    FRAME,
    box,
    boxed,
    contour,
    on_slice,
    read,
    read_told,
    rectangle,
    scan,
    structure_set,
)

from medvoxel.errors import (
    GeometryError,
)
from medvoxel.geometry import Grid
from medvoxel.io.rtstruct.read import read_rtstruct
from medvoxel.provenance import SliceSource
from medvoxel.volume import Volume


def ellipsoid(grid: Grid) -> tuple[list[Dataset], np.ndarray, np.ndarray]:
    """Contours of an ellipsoid, its voxels, and those that are not on its border."""
    centre, radius = np.array([5.2, 9.4, 11.7]), np.array([4.9, 7.3, 9.1])
    contours = []
    for k in range(grid.shape[0]):
        inside = 1 - ((k - centre[0]) / radius[0]) ** 2
        if inside <= 0:
            continue
        angle = np.linspace(0, 2 * np.pi, 1500, endpoint=False)
        ring = np.stack([np.sin(angle), np.cos(angle)], axis=1) * np.sqrt(inside)
        contours.append(on_slice(grid, k, centre[1:] + ring * radius[1:]))
    value = (((np.moveaxis(np.indices(grid.shape), 0, -1) - centre) / radius) ** 2).sum(axis=-1)
    return contours, value < 1, np.abs(value - 1) > 5e-3


def test_a_voxel_is_inside_when_its_centre_is_on_every_kind_of_grid(any_grid, tmp_path):
    contours, expected, away = ellipsoid(any_grid)
    path = structure_set(tmp_path / "rs.dcm", [(1, "Muscle", contours, (255, 128, 0))])
    result = read(path, scan(any_grid))
    assert away.mean() > 0.98
    assert np.array_equal((result.array == 1)[away], expected[away])
    assert result.grid is any_grid
    assert [(s.value, s.name, s.colour) for s in result.segments] == [(1, "Muscle", "#FF8000")]


def test_a_scan_turned_after_it_was_drawn_on_gets_the_same_voxels(make_grid, tmp_path):
    grid = make_grid("oblique")
    contours, _, _ = ellipsoid(grid)
    path = structure_set(tmp_path / "rs.dcm", [(1, "Muscle", contours)])
    expected = read(path, scan(grid)).array
    for order in [(1, 0, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)]:
        columns = [2 - a for a in order[::-1]]
        turned = Grid(
            tuple(grid.shape[a] for a in order),
            tuple(grid.spacing[a] for a in order),
            grid.origin,
            grid.direction[:, columns],
        )
        result = read(path, scan(turned))
        assert np.array_equal(result.array, expected.transpose(order)), order


def test_contours_in_one_slice_count_by_the_even_odd_rule(make_grid, tmp_path):
    grid = make_grid("oblique")
    contours = [
        *boxed(grid, (2, 5), (3, 15), (4, 18)),
        *boxed(grid, (2, 5), (6, 10), (8, 12)),
        *boxed(grid, (2, 5), (16, 18), (20, 23)),
    ]
    result = read(structure_set(tmp_path / "rs.dcm", [(1, "Ring", contours)]), scan(grid))
    expected = box(grid.shape, (2, 5), (3, 15), (4, 18)) ^ box(grid.shape, (2, 5), (6, 10), (8, 12))
    expected |= box(grid.shape, (2, 5), (16, 18), (20, 23))
    assert np.array_equal(result.array == 1, expected)


def test_values_follow_the_roi_numbers_and_names_are_each_used_once(make_grid, tmp_path):
    grid = make_grid("plain")
    regions = [
        (12, "Sehne", boxed(grid, (0, 2), (0, 3), (0, 3))),
        (0, "Größe", boxed(grid, (0, 2), (5, 8), (0, 3)), (1, 2, 3)),
        (7, "", boxed(grid, (0, 2), (10, 13), (0, 3))),
        (9, "Sehne", boxed(grid, (0, 2), (15, 18), (0, 3))),
    ]
    result = read(structure_set(tmp_path / "rs.dcm", regions), scan(grid))
    names = [s.name for s in result.segments]
    assert names == ["Größe", "ROI 7", "Sehne", "Sehne (2)"]
    assert [s.value for s in result.segments] == [1, 2, 3, 4]
    assert result.segments[0].colour == "#010203"
    assert len({s.colour for s in result.segments}) == 4
    assert np.array_equal(result.array[0, ::5, 0], [4, 1, 2, 3])
    assert result.array.dtype == np.uint8


def coded(number, **code):
    item, term = Dataset(), Dataset()
    item.ReferencedROINumber = number
    for keyword, value in code.items():
        setattr(term, keyword, value)
    item.RTROIIdentificationCodeSequence = Sequence([term])
    return item


def test_regions_have_the_codes_of_their_observations(make_grid, tmp_path):
    grid = make_grid("plain")
    regions = [(n, str(n), boxed(grid, (0, 2), (n, n + 1), (0, 3))) for n in (2, 4, 6)]

    def change(data):
        bare = Dataset()
        bare.ReferencedROINumber = 2
        term = {"CodingSchemeDesignator": "SCT", "CodeMeaning": "Liver"}
        data.RTROIObservationsSequence = Sequence(
            [coded(6, CodeValue="10200004", **term), bare, coded(9, CodeValue="1", **term)]
        )

    def damage(data):
        change(data)
        data.RTROIObservationsSequence.insert(0, Dataset())

    path = structure_set(tmp_path / "rs.dcm", regions, change=change)
    result = read(path, scan(grid))
    assert [s.code for s in result.segments] == [None, None, "SCT^10200004^Liver"]
    path = structure_set(tmp_path / "rs.dcm", regions, change=damage)
    assert np.array_equal(read(path, scan(grid)).array, result.array)


def test_overlaps_are_counted_and_the_later_region_is_on_top(make_grid, tmp_path):
    grid = make_grid("anisotropic")
    regions = [
        (1, "A", boxed(grid, (0, 4), (0, 10), (0, 10))),
        (2, "B", boxed(grid, (2, 6), (5, 15), (5, 15))),
        (3, "C", boxed(grid, (5, 6), (5, 15), (5, 15))),
        (4, "D", boxed(grid, (8, 10), (0, 2), (0, 2))),
    ]
    result, told = read_told(structure_set(tmp_path / "rs.dcm", regions), scan(grid))
    expected = np.zeros(grid.shape, int)
    for value, part in enumerate(
        [
            ((0, 4), (0, 10), (0, 10)),
            ((2, 6), (5, 15), (5, 15)),
            ((5, 6), (5, 15), (5, 15)),
            ((8, 10), (0, 2), (0, 2)),
        ],
        1,
    ):
        expected[box(grid.shape, *part)] = value
    assert np.array_equal(result.array, expected)
    assert len(told) == 1
    assert "100 of 'B' under 'C'; 50 of 'A' under 'B'." in told[0]


def test_a_region_that_another_hides_entirely_is_told(make_grid, tmp_path):
    grid = make_grid("plain")
    regions = [
        (1, "Tumour", boxed(grid, (3, 5), (4, 8), (4, 8))),
        (2, "Body", boxed(grid, (0, 12), (0, 20), (0, 24))),
    ]
    result, told = read_told(structure_set(tmp_path / "rs.dcm", regions), scan(grid))
    assert (result.array == 2).all()
    assert "32 of 'Tumour' under 'Body', all that it has" in told[0]


def test_contours_between_slices_go_to_the_nearest_with_a_warning(make_grid, tmp_path):
    grid = make_grid("oblique")
    corners = rectangle(2.5, 3.5, 9.5, 12.5)
    contours = [on_slice(grid, k + 0.3, corners) for k in (4, 5, 6)]
    result, told = read_told(structure_set(tmp_path / "rs.dcm", [(1, "A", contours)]), scan(grid))
    assert np.array_equal(result.array == 1, box(grid.shape, (4, 7), (3, 10), (4, 13)))
    assert len(told) == 1
    assert "'A' (up to 1.2 mm)" in told[0]  # 0.3 of 4 mm


@pytest.mark.parametrize(("height", "slice_"), [(3.5, 4), (-0.5, 0), (3.4, 3), (10.6, 11)])
def test_half_way_planes_always_go_the_same_way(make_grid, tmp_path, height, slice_):
    grid = make_grid("mirrored")
    contours = [on_slice(grid, height, rectangle(2.5, 3.5, 9.5, 12.5))]
    result, _ = read_told(structure_set(tmp_path / "rs.dcm", [(1, "A", contours)]), scan(grid))
    assert np.flatnonzero(result.array.any(axis=(1, 2))).tolist() == [slice_]


def test_of_several_planes_in_one_slice_the_nearest_counts(make_grid, tmp_path):
    grid = make_grid("anisotropic")  # 4 mm slices, drawn on every millimetre
    contours = [
        on_slice(grid, 3 + step / 4, rectangle(1.5, 1.5, 10.5 + step, 8.5)) for step in range(-1, 2)
    ]
    result, told = read_told(structure_set(tmp_path / "rs.dcm", [(1, "A", contours)]), scan(grid))
    assert np.array_equal(result.array == 1, box(grid.shape, (3, 4), (2, 11), (2, 9)))
    assert told == ["Contours were left out because others are nearer to their slice: 'A' (2)."]


def test_gaps_between_contours_stay_empty_and_are_told(make_grid, tmp_path):
    grid = make_grid("anisotropic")
    contours = [c for k in (2, 4, 6, 8) for c in boxed(grid, (k, k + 1), (3, 8), (3, 8))]
    result, told = read_told(structure_set(tmp_path / "rs.dcm", [(1, "A", contours)]), scan(grid))
    assert np.flatnonzero(result.array.any(axis=(1, 2))).tolist() == [2, 4, 6, 8]
    assert len(told) == 1
    assert "'A' (contours on 4 of 7 slices)" in told[0]
    assert "left empty" in told[0]


def test_contours_tilted_against_the_slices_are_refused_with_the_angle(make_grid, tmp_path):
    grid = make_grid("oblique")
    angle, radius = np.radians(12), 6.0
    turn = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    x, y, z = grid.direction.T
    centre = grid.index_to_lps([5, 10, 12])
    points = centre + radius * (
        np.cos(turn)[:, None] * x + np.sin(turn)[:, None] * (np.cos(angle) * y + np.sin(angle) * z)
    )
    path = structure_set(tmp_path / "rs.dcm", [(1, "Plane", [contour(points)])])
    with pytest.raises(
        GeometryError,
        match=r"'Plane' runs through 2\.49 mm .* 4 mm apart .*12\.0"
        " degrees",
    ) as caught:
        read_rtstruct(path, reference=scan(grid))
    assert caught.value.details["spread_mm"] == pytest.approx(2 * radius * np.sin(angle), abs=0.01)
    assert "resample_to()" in caught.value.hint


def test_contours_all_outside_the_scan_are_refused_with_both_places(make_grid, tmp_path):
    grid = make_grid("plain")
    for shift in [(50, 0, 0), (-3, 0, 0), (0, 40, 0), (0, 0, -60)]:
        corners = np.array([(2, 3), (2, 9), (9, 9)]) + shift[1:]
        contours = [on_slice(grid, k + shift[0], corners) for k in (0, 1)]
        path = structure_set(tmp_path / "rs.dcm", [(1, "A", contours)])
        with pytest.raises(GeometryError, match="outside the scan: they span x") as caught:
            read_rtstruct(path, reference=scan(grid))
        assert "24 x 20 x 12 voxels" in str(caught.value)
        assert caught.value.hint


def test_what_reaches_outside_is_cut_off_with_a_warning(make_grid, tmp_path):
    grid = make_grid("oblique")
    regions = [
        (1, "A", boxed(grid, (-3, 4), (-5, 6), (10, 40))),
        (2, "B", boxed(grid, (20, 22), (2, 6), (3, 9))),
    ]
    result, told = read_told(structure_set(tmp_path / "rs.dcm", regions), scan(grid))
    assert np.array_equal(result.array == 1, box(grid.shape, (0, 4), (0, 6), (10, 24)))
    assert told[0] == ("Contours reach over the edge of the scan and were cut off there: 'A' (4).")
    assert told[1] == "Contours outside the scan were left out: 'A' (3), 'B' (2)."
    assert "empty: 'B'" in told[2]


def test_a_contour_along_the_border_voxels_is_not_called_outside(make_grid, tmp_path):
    grid = make_grid("oblique")
    path = structure_set(tmp_path / "rs.dcm", [(1, "All", boxed(grid, (0, 12), (0, 20), (0, 24)))])
    assert (read(path, scan(grid)).array == 1).all()


def test_points_open_lines_and_regions_without_contours_are_named(make_grid, tmp_path):
    grid = make_grid("plain")
    line = [(2, 2), (9, 9), (12, 3)]
    regions = [
        (1, "Isocentre", [on_slice(grid, 3, [(4, 4)], "POINT")]),
        (2, "Wire", [on_slice(grid, 3, line, "OPEN_PLANAR"),
                     on_slice(grid, 4, line, "OPEN_NONPLANAR")]),
        (3, "Planned", None),
        (4, "Bone", [*boxed(grid, (2, 4), (2, 6), (2, 6)), on_slice(grid, 2, line[:2])]),
    ]  # fmt: skip
    result, told = read_told(structure_set(tmp_path / "rs.dcm", regions), scan(grid))
    assert [s.name for s in result.segments] == ["Isocentre", "Wire", "Planned", "Bone"]
    assert np.array_equal(result.array, 4 * box(grid.shape, (2, 4), (2, 6), (2, 6)))
    assert "'Isocentre' (1 POINT), 'Wire' (1 OPEN_NONPLANAR, 1 OPEN_PLANAR)" in told[0]
    assert told[1] == "Contours of fewer than three corners were left out: 'Bone' (1)."
    assert "empty: 'Isocentre', 'Wire', 'Planned'." in told[2]
    assert len(told) == 3


def test_a_set_without_any_closed_contour_gives_empty_segments(make_grid, tmp_path):
    grid = make_grid("plain")
    result, told = read_told(structure_set(tmp_path / "rs.dcm", [(1, "A", None)]), scan(grid))
    assert result.array.sum() == 0
    assert len(told) == 1


def test_xor_contours_of_newer_files_are_read(make_grid, tmp_path):
    grid = make_grid("plain")
    contours = boxed(grid, (2, 4), (3, 15), (4, 18)) + boxed(grid, (2, 4), (6, 10), (8, 12))
    for item in contours:
        item.ContourGeometricType = "CLOSEDPLANAR_XOR"
    result = read(structure_set(tmp_path / "rs.dcm", [(1, "A", contours)]), scan(grid))
    assert result.array.sum() == 2 * (12 * 14 - 4 * 4)


def test_a_contour_that_is_there_twice_counts_once(make_grid, tmp_path):
    grid = make_grid("plain")
    contours = boxed(grid, (2, 4), (3, 8), (4, 9))
    path = structure_set(tmp_path / "rs.dcm", [(1, "A", contours + contours[:1])])
    result, told = read_told(path, scan(grid))
    assert np.array_equal(result.array == 1, box(grid.shape, (2, 4), (3, 8), (4, 9)))
    assert told == ["Contours that repeat another one were left out: 'A' (1)."]


def test_a_contour_closed_by_repeating_its_first_corner_is_the_same(make_grid, tmp_path):
    grid = make_grid("plain")
    corners = rectangle(2.5, 3.5, 9.5, 12.5)
    path = structure_set(
        tmp_path / "rs.dcm", [(1, "A", [on_slice(grid, 3, corners + corners[:1])])]
    )
    assert np.array_equal(
        read(path, scan(grid)).array == 1, box(grid.shape, (3, 4), (3, 10), (4, 13))
    )


def test_contours_too_small_for_any_centre_are_told(make_grid, tmp_path):
    grid = make_grid("plain")
    contours = [on_slice(grid, 3, rectangle(2.2, 2.2, 2.6, 2.6))]
    _, told = read_told(structure_set(tmp_path / "rs.dcm", [(1, "Dot", contours)]), scan(grid))
    assert told == ["No voxel centre lies inside, and therefore empty: 'Dot'."]


def sourced(folder: Path, frame: str) -> Volume:
    files = write_series(folder, FrameOfReferenceUID=frame)
    grid = Grid((6, 5, 7), (4.0, 0.8, 0.5), (-31.5, 12.25, 140.0))
    places = grid.index_to_lps([(k, 0, 0) for k in range(6)])
    return scan(grid, sources=tuple(
        SliceSource(str(f), 0, tuple(p)) for f, p in zip(files, places, strict=True)
    ))  # fmt: skip


def test_another_frame_of_reference_is_told_and_refused_when_contours_lie_outside(tmp_path):
    volume = sourced(tmp_path / "ct", "1.2.3.4")
    inside = boxed(volume.grid, (1, 4), (1, 4), (1, 5))
    path = structure_set(tmp_path / "rs.dcm", [(1, "A", inside)])
    result, told = read_told(path, volume)
    assert result.array.sum() == 3 * 3 * 4
    assert len(told) == 1
    assert "another frame of reference" in told[0]
    path = structure_set(
        tmp_path / "rs.dcm", [(1, "A", inside + boxed(volume.grid, (8, 9), (1, 4), (1, 5)))]
    )
    with pytest.raises(GeometryError, match=r"another frame of reference .* 1 of its contours"):
        read_rtstruct(path, reference=volume)


def test_the_same_frame_of_reference_and_files_that_are_gone_are_silent(tmp_path):
    volume = sourced(tmp_path / "ct", FRAME)
    contours = boxed(volume.grid, (1, 4), (1, 4), (1, 5))
    path = structure_set(tmp_path / "rs.dcm", [(1, "A", contours)])
    read(path, volume)
    other = structure_set(tmp_path / "other.dcm", [(1, "A", contours)], frame="1.2.3")
    for source in volume.sources:
        Path(source.file).unlink()
    read(other, volume)


@pytest.mark.parametrize("modality", ["ct", "mr"])
def test_the_real_tumour_is_the_mask_that_comes_with_it(test_data, modality):
    nibabel = pytest.importorskip("nibabel")
    from medvoxel import read_dicom

    name = {"ct": "CT", "mr": "MR_T1"}[modality]
    volume = read_dicom(test_data("leg-ct-mr", f"{modality}-dicom", "image"))
    (path,) = test_data("leg-ct-mr", f"{modality}-dicom", "mask").iterdir()
    result = read(path, volume)
    image = nibabel.load(test_data("leg-ct-mr", "nifti", f"{name}_mask.nii.gz"))
    index = np.moveaxis(np.indices(volume.grid.shape), 0, -1)
    points = volume.grid.index_to_lps(index) * (-1, -1, 1)  # RAS
    there = points @ np.linalg.inv(image.affine)[:3, :3].T + np.linalg.inv(image.affine)[:3, 3]
    assert np.abs(there - np.rint(there)).max() < 1e-3
    expected = np.asarray(image.dataobj)[tuple(np.rint(there).astype(int).reshape(-1, 3).T)] > 0
    assert expected.sum() == 9655
    assert np.array_equal(result.array.ravel() == 1, expected)
    assert result.segments[0].name == f"GTV_Mass_{name}"
