"""Labelmaps with their tables, the grid of a reference, and which file is which."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from segmentation_factory import FORMATS, labels_on

from medvoxel import (
    Grid,
    Segment,
    Segmentation,
    Volume,
    errors,
    read_dicom,
    read_nifti,
    read_nrrd,
    read_segmentation,
    write_nifti,
    write_nrrd,
    write_segmentation,
)

# --- labelmaps and their tables -------------------------------------------------------


def save_labels(path, array, affine=None):
    """Write with nibabel; array (z, y, x)."""
    nibabel.Nifti1Image(array.T, np.eye(4) if affine is None else affine).to_filename(path)
    return path


LABELS = np.array([0, 1, 2, 2, 0, 7] * 4, np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_labelmap_without_a_table(tmp_path, kind):
    seg = read_segmentation(save_labels(tmp_path / "a.nii.gz", LABELS.astype(kind)))
    np.testing.assert_array_equal(seg.array, LABELS)
    assert seg.array.dtype == np.uint8
    assert [(s.value, s.name) for s in seg.segments] == [
        (1, "segment 1"),
        (2, "segment 2"),
        (7, "segment 7"),
    ]
    assert [s.colour for s in seg.segments] == ["#E69F00", "#56B4E9", "#009E73"]


def test_labels_that_were_scaled_on_the_way(tmp_path):
    """nibabel#1344: labels stored with a scale come back a little off, and are whole."""
    image = nibabel.Nifti1Image(LABELS.T * 1.0, np.eye(4))
    image.set_data_dtype(np.int16)
    image.to_filename(tmp_path / "a.nii")
    stored = nibabel.load(tmp_path / "a.nii")
    assert stored.dataobj.slope != 1
    np.testing.assert_array_equal(read_segmentation(tmp_path / "a.nii").array, LABELS)


@pytest.mark.parametrize(
    ("change", "match"),
    [(0.5, "fractions"), (-3.0, "negative"), (np.nan, "without value"), (3e9, "too large")],
)
def test_what_is_no_labelmap(tmp_path, change, match):
    array = LABELS.astype(np.float64)
    array[0, 0, 0] = change
    for path in (save_labels(tmp_path / "a.nii", array), tmp_path / "a.nrrd"):
        if path.name.endswith(".nrrd"):
            write_nrrd(Volume(array, Grid(array.shape)), path)
        with pytest.raises(errors.InputError, match=match) as caught:
            read_segmentation(path)
        assert "segment_threshold()" in caught.value.hint


def test_several_volumes_are_no_labelmap(tmp_path):
    save_labels(tmp_path / "a.nii", np.stack([LABELS, LABELS]))
    with pytest.raises(errors.InputError, match="2 volumes"):
        read_segmentation(tmp_path / "a.nii")


TABLES = {
    "a.tsv": "name\tabbreviation\tcolor\tindex\n"
    "background\tBG\t#000000\t0\ncortex\tC\t#ff0000\t2\nwhite matter\tW\tred\t7\nunused\tU\t\t9\n",
    "a.ctbl": "# Color table file a.ctbl\n# 4 values\n0 Background 0 0 0 0\n"
    "2 cortex 255 0 0 255\n3 not_here 1 2 3 255\n7 white_matter 0 128 255 255\n8 (none) 0 0 0 0\n",
    "a.label": "################\n# ITK-SnAP Label Description File\n"
    '    0     0    0    0        0  0  0    "Clear Label"\n'
    '    2   255    0    0        1  1  1    "cortex"\n'
    '    3     1    2    3        1  1  1    "not here"\n'
    '    7     0  128  255        0.5  1  1    "white matter"\n',
}
TABLES["a_ColorTable.ctbl"] = TABLES["a.ctbl"]
TABLES["a.txt"] = TABLES["a.label"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd"])
def test_tables_of_other_programs(tmp_path, table, name):
    labels = np.where(LABELS == 1, 0, LABELS).astype(np.uint8)
    if name.endswith(".nrrd"):
        write_nrrd(Volume(labels, Grid(labels.shape)), tmp_path / name)
    else:
        save_labels(tmp_path / name, labels)
    (tmp_path / table).write_bytes(b"\xef\xbb\xbf" + TABLES[table].encode())
    found = read_segmentation(tmp_path / name).segments
    last = "#56B4E9" if table == "a.tsv" else "#0080FF"  # "red" is no colour of the standard
    assert found[:2] == (Segment(2, "cortex", "#FF0000"), Segment(7, "white matter", last))
    # What BIDS lists are the segments; programs list whatever they know.
    assert [s.name for s in found[2:]] == (["unused"] if table == "a.tsv" else [])


def test_columns_of_ours_in_a_table_of_anyone(tmp_path):
    save_labels(tmp_path / "a.nii", LABELS)
    (tmp_path / "a.tsv").write_text(
        "code\tindex\tvisible\tname\tstatus\n"
        'SCT^71616004^Muscle\t1\tFALSE\t"two\nlines"\tIn Progress\n'
        'n/a\t2\tn/a\t"a""b"\tn/a\n'
        "nonsense\t7\ttrue\tc\twhatever\n"
    )
    found = read_segmentation(tmp_path / "a.nii").segments
    assert [(s.value, s.name, s.visible, s.status, s.code) for s in found] == [
        (1, "two\nlines", False, "in progress", "SCT^71616004^Muscle"),
        (2, 'a"b', True, None, None),
        (7, "c", True, None, None),
    ]


def test_quotes_that_are_no_quoting(tmp_path):
    save_labels(tmp_path / "a.nii", LABELS)
    (tmp_path / "a.tsv").write_text('index\tname\n1\t"left" lobe\n2\t5" plate\n7\t"open\n')
    found = read_segmentation(tmp_path / "a.nii").segments
    assert [s.name for s in found] == ['"left" lobe', '5" plate', '"open']


def test_label_that_the_table_does_not_name(tmp_path):
    save_labels(tmp_path / "a.nii", LABELS)
    (tmp_path / "a.tsv").write_text(TABLES["a.tsv"])
    with pytest.warns(errors.MedvoxelWarning, match="1 label that occurs in a.nii has no name"):
        found = read_segmentation(tmp_path / "a.nii").segments
    assert [s.name for s in found] == ["segment 1", "cortex", "white matter", "unused"]


@pytest.mark.parametrize(
    "text",
    [
        "a\tb\n1\t2\n",
        "index\tname\n1\ta\n1\tb\n",
        "index\tname\n1.5\ta\n",
        "index\tname\nx\ta",
        "",
        "index\tname\n1\t" + 140_000 * "a",
    ],
)
def test_table_that_is_none(tmp_path, text):
    save_labels(tmp_path / "a.nii", LABELS)
    (tmp_path / "a.tsv").write_text(text)
    with pytest.warns(errors.MedvoxelWarning, match=r"a\.tsv is not a table of labels"):
        found = read_segmentation(tmp_path / "a.nii").segments
    assert [s.name for s in found] == ["segment 1", "segment 2", "segment 7"]


def test_text_about_something_else(tmp_path, recwarn):
    save_labels(tmp_path / "a.nii", LABELS)
    (tmp_path / "a.txt").write_text("drawn on a Monday\n")
    assert len(read_segmentation(tmp_path / "a.nii").segments) == 3
    assert recwarn.list == []


# --- the grid of a reference ----------------------------------------------------------


@pytest.mark.parametrize("name", ["a.nii.gz", "a.seg.nrrd"])
def test_another_grid_is_an_error_that_says_by_how_much(tmp_path, any_grid, name):
    """Trap B4: the same dimensions are not the same place."""
    seg = labels_on(any_grid)
    write_segmentation(seg, tmp_path / name)
    shifted = Grid(
        any_grid.shape,
        any_grid.spacing,
        tuple(np.add(any_grid.origin, (0.3, 0, 0))),
        any_grid.direction,
    )
    scan = Volume(np.zeros(any_grid.shape, np.int16), shifted)
    with pytest.raises(errors.GeometryError, match=r"by up to 0\.3 mm") as caught:
        read_segmentation(tmp_path / name, reference=scan)
    message = caught.value.message
    assert shifted.describe() in message
    assert "24 x 20 x 12 voxels" in message.split(" against ")[0]
    assert "resample_to()" in caught.value.hint
    with pytest.raises(errors.GeometryError):
        write_segmentation(seg, tmp_path / name, reference=scan)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.seg.nrrd"])
def test_moved_by_whole_voxels_is_another_grid(tmp_path, any_grid, name):
    seg = labels_on(any_grid)
    write_segmentation(seg, tmp_path / name)
    grid = any_grid.crop((0, 0, 1), tuple(np.add(any_grid.shape, (0, 0, 1))))
    with pytest.raises(errors.GeometryError):
        read_segmentation(tmp_path / name, reference=Volume(np.zeros(grid.shape), grid))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
def test_turned_axes_are_brought_onto_the_reference(tmp_path, make_grid, name, order, flips):
    """Each labelled voxel is found again at its place in the patient."""
    grid = make_grid("oblique")
    seg = labels_on(grid)
    # Array axes (z, y, x) in another order; the places, not the arrays, are compared.
    array = seg.array.transpose(order)[tuple(slice(None, None, f) for f in flips)]
    first = [0, 0, 0]
    for axis, flip in zip(order, flips, strict=True):
        first[axis] = grid.shape[axis] - 1 if flip < 0 else 0
    columns = [2 - axis for axis in order][::-1]
    turned = Grid(
        array.shape,
        tuple(grid.spacing[axis] for axis in order),
        tuple(grid.index_to_lps(first)),
        grid.direction[:, columns] * flips[::-1],
    )
    for point in ((0, 0, 0), (1, 2, 3)):
        there = np.round(grid.lps_to_index(turned.index_to_lps(point))).astype(int)
        assert array[point] == seg.array[tuple(there)]
    write_segmentation(Segmentation(array, turned, seg.segments), tmp_path / name)
    found = read_segmentation(tmp_path / name, reference=Volume(seg.array, grid))
    assert found.grid is grid
    assert found.segments == seg.segments
    np.testing.assert_array_equal(found.array, seg.array)


def test_part_that_slicer_cut_out_is_put_in_its_place(tmp_path, any_grid):
    seg = labels_on(any_grid)
    start, stop = (1, 2, 3), (8, 10, 21)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    part = Segmentation(seg.array[box][::-1], upside_down(any_grid.crop(start, stop)), seg.segments)
    write_nrrd(part, tmp_path / "a.seg.nrrd")
    write_nifti(part, tmp_path / "a.nii")
    scan = Volume(np.zeros(any_grid.shape), any_grid)
    found = read_segmentation(tmp_path / "a.seg.nrrd", reference=scan)
    np.testing.assert_array_equal(found.array, seg.array)
    assert found.grid is any_grid
    assert read_segmentation(tmp_path / "a.seg.nrrd").array.shape == part.array.shape
    # Only Slicer's files say that they are cut out; elsewhere it is another grid.
    with pytest.raises(errors.GeometryError):
        read_segmentation(tmp_path / "a.nii", reference=scan)


def upside_down(grid: Grid) -> Grid:
    return Grid(
        grid.shape,
        grid.spacing,
        tuple(grid.index_to_lps((grid.shape[0] - 1, 0, 0))),
        grid.direction * (1, 1, -1),
    )


def test_file_larger_than_the_scan(tmp_path, any_grid):
    """Slicer lets one paint beyond the scan: what is empty there can go, what is not cannot."""
    seg = labels_on(any_grid)
    start, stop = (1, 2, 3), (8, 12, 22)
    grid = any_grid.crop(start, stop)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    scan = Volume(np.zeros(grid.shape), grid)
    write_nrrd(seg, tmp_path / "a.seg.nrrd")
    found = read_segmentation(tmp_path / "a.seg.nrrd", reference=scan)
    np.testing.assert_array_equal(found.array, seg.array[box])
    array = seg.array.copy()
    array[0, 0, 0] = 1
    write_nrrd(seg.with_array(array), tmp_path / "a.seg.nrrd")
    with pytest.raises(errors.GeometryError):
        read_segmentation(tmp_path / "a.seg.nrrd", reference=scan)


def test_reference_may_be_a_segmentation_and_nothing_else(tmp_path, any_grid):
    seg = labels_on(any_grid)
    write_segmentation(seg, tmp_path / "a.nii")
    assert read_segmentation(tmp_path / "a.nii", reference=seg).grid is any_grid
    with pytest.raises(errors.InputError, match="reference must be"):
        read_segmentation(tmp_path / "a.nii", reference=seg.array)


# --- which file it is -----------------------------------------------------------------


def test_content_goes_before_the_name(tmp_path, any_grid):
    write_nrrd(labels_on(any_grid), tmp_path / "a.nrrd")
    (tmp_path / "a.nrrd").rename(tmp_path / "labels")
    assert len(read_segmentation(tmp_path / "labels").segments) == 3


def test_files_that_are_no_segmentations(tmp_path, any_grid):
    with pytest.raises(errors.FileFormatError, match="no file"):
        read_segmentation(tmp_path / "a.nii")
    (tmp_path / "a.pkl").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(errors.FileFormatError, match="can be read"):
        read_segmentation(tmp_path / "a.pkl")
    (tmp_path / "a.dcm").write_bytes(b"x" * 500)
    with pytest.raises(errors.DicomError, match="not a segmentation"):
        read_segmentation(tmp_path / "a.dcm")
    with pytest.raises(errors.DicomError, match="no DICOM segmentation"):
        read_segmentation(tmp_path)
    with pytest.raises(errors.FileFormatError, match="must end in"):
        write_segmentation(labels_on(any_grid), tmp_path / "a.stl")
    with pytest.raises(errors.InputError, match="Only a segmentation"):
        write_segmentation(Volume(LABELS, Grid(LABELS.shape)), tmp_path / "a.nii")


def test_dicom_is_told_apart_by_its_class(tmp_path):
    pydicom = pytest.importorskip("pydicom")

    def write(name, uid):
        meta = pydicom.dataset.FileMetaDataset()
        meta.MediaStorageSOPClassUID = uid
        meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        data = pydicom.Dataset()
        data.file_meta = meta
        data.SOPClassUID = uid
        data.save_as(tmp_path / name, enforce_file_format=True)
        return tmp_path / name

    contours = write("a.dcm", pydicom.uid.RTStructureSetStorage)
    with pytest.raises(errors.InputError, match="contours"):
        read_segmentation(contours)
    with pytest.raises(errors.InputError, match="contours"):
        read_segmentation(tmp_path)  # the only one in the folder
    image = write("b.dcm", pydicom.uid.CTImageStorage)
    with pytest.raises(errors.DicomError, match="CT Image Storage"):
        read_segmentation(image)
    write("c.dcm", pydicom.uid.SegmentationStorage)
    with pytest.raises(errors.InputError, match="2 segmentations"):
        read_segmentation(tmp_path)


# --- real files -----------------------------------------------------------------------


def test_real_masks_lie_on_their_scans(test_data):
    folder = test_data("leg-ct-mr", "nifti")
    for kind in ("CT", "MR_T1", "PET"):
        scan = read_nifti(folder / f"{kind}_image.nii.gz")
        seg = read_segmentation(folder / f"{kind}_mask.nii.gz", reference=scan)
        mask = nibabel.load(folder / f"{kind}_mask.nii.gz").get_fdata()
        np.testing.assert_array_equal(seg.array.T, mask)
        assert seg.grid is scan.grid
    brain = test_data("radiomics", "pyradiomics-brain1")
    seg = read_segmentation(
        brain / "brain1_label.nrrd", reference=read_nrrd(brain / "brain1_image.nrrd")
    )
    assert np.count_nonzero(seg.array) == np.count_nonzero(
        read_nrrd(brain / "brain1_label.nrrd").array
    )


def test_real_contours_give_the_real_mask(test_data):
    folder = test_data("leg-ct-mr")
    scan = read_nifti(folder / "nifti" / "CT_image.nii.gz")
    drawn = read_segmentation(folder / "ct-dicom" / "mask", reference=scan)
    mask = read_segmentation(folder / "nifti" / "CT_mask.nii.gz", reference=scan)
    np.testing.assert_array_equal(drawn.array > 0, mask.array > 0)
    assert drawn.segments[0].name == "GTV_Mass_CT"


def test_dicom_segmentation_is_written_and_read(tmp_path, test_data):
    folder = test_data("leg-ct-mr")
    scan = read_dicom(folder / "ct-dicom" / "image")
    array = read_nifti(folder / "nifti" / "CT_mask.nii.gz").array
    seg = Segmentation(array.astype(np.uint8), scan.grid, (Segment(1, "tumour", "#E69F00"),))
    (path,) = write_segmentation(seg, tmp_path / "a.dcm", reference=scan)
    for place in (path, tmp_path):
        again = read_segmentation(place, reference=scan)
        np.testing.assert_array_equal(again.array, seg.array)
        assert again.segments == seg.segments


def test_real_mask_of_another_scan_is_refused(test_data):
    folder = test_data("leg-ct-mr", "nifti")
    scan = read_nifti(folder / "MR_T1_image.nii.gz")
    with pytest.raises(errors.GeometryError, match="mm"):
        read_segmentation(folder / "PET_mask.nii.gz", reference=scan)
