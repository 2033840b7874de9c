"""Files of segmentations: names, colours, layers, and the grid of a reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from segmentation_factory import FORMATS, SLICER, by_slicer, labels_on, three_layers_header

from medvoxel import (
    Grid,
    Segment,
    Segmentation,
    Volume,
    errors,
    read_segmentation,
    write_segmentation,
)
from medvoxel.volume import SEGMENT_STATUSES

# --- round trips ----------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_names_colours_and_voxels_come_back(tmp_path, any_grid, name):
    seg = labels_on(any_grid)
    files = write_segmentation(seg, tmp_path / name, reference=Volume(seg.array, any_grid))
    assert sorted(files) == sorted(tmp_path.iterdir())
    again = read_segmentation(tmp_path / name)
    np.testing.assert_array_equal(again.array, seg.array)
    assert again.array.dtype.kind in "iu"
    assert again.segments == seg.segments
    assert again.grid.same_as(seg.grid, tolerance=1e-4)
    on_scan = read_segmentation(tmp_path / name, reference=Volume(seg.array, any_grid))
    assert on_scan.grid is any_grid


@pytest.mark.parametrize("name", FORMATS)
def test_status_code_and_what_is_visible_come_back(tmp_path, name):
    grid = Grid((2, 3, 4), (4.0, 0.8, 0.5))
    rows = tuple(
        Segment(9 - i, f"s{i}", "#123456", i % 2 == 0, status, f"99X^{i}^Bein: oben, größer {i}")
        for i, status in enumerate((*SEGMENT_STATUSES, None))
    )
    rows += (Segment(20, "nothing", "#ABCDEF"), Segment(21, "99", "#000000", status="flagged"))
    write_segmentation(Segmentation(np.zeros(grid.shape, np.uint8), grid, rows), tmp_path / name)
    found = read_segmentation(tmp_path / name).segments
    if name.endswith(".nrrd"):  # 3D Slicer keeps what is visible in its scene
        assert found == tuple(replace(row, visible=True) for row in rows)
    else:
        assert found == rows


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("value", [255, 256, 70000])
def test_large_labels(tmp_path, name, value):
    array = np.zeros((3, 4, 5), np.int64)
    array[1, 2, 3] = value
    seg = Segmentation(array, Grid(array.shape), (Segment(value, "a", "#000000"),))
    write_segmentation(seg, tmp_path / name)
    np.testing.assert_array_equal(read_segmentation(tmp_path / name).array, array)


def named(*names):
    rows = tuple(Segment(i, name, "#000000") for i, name in enumerate(names, start=1))
    return Segmentation(np.ones((2, 2, 2), np.uint8), Grid((2, 2, 2)), rows)


@pytest.mark.parametrize("name", FORMATS)
def test_names_of_any_letters_come_back(tmp_path, name, recwarn):
    seg = named(
        "a\\n\nb:=c", "tab\there", '"quoted" left', 'six"', "two\n\nlines", "a, b;c|d~e^f", "#1",
        "next\u2028line\x85end", '"', "n/a",
    )  # fmt: skip
    write_segmentation(seg, tmp_path / name)
    assert read_segmentation(tmp_path / name).segments == seg.segments
    assert not recwarn


@pytest.mark.parametrize("name", FORMATS)
def test_names_that_change_are_told(tmp_path, name):
    seg = named("good", " spaces ", "bell\a", "end\n")
    with pytest.warns(errors.MedvoxelWarning, match="will be read as 'spaces', ") as caught:
        write_segmentation(seg, tmp_path / name)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    found = [s.name for s in read_segmentation(tmp_path / name).segments]
    assert found == ["good", "spaces", "bell" if name.endswith(".nrrd") else "bell\a", "end"]
    # What is announced is what comes back.
    said = [n for n, row in zip(found, seg.segments, strict=True) if n != row.name]
    assert all(repr(n) in str(caught[0].message) for n in said)


def test_no_columns_and_tags_without_need(tmp_path):
    seg = named("a")
    write_segmentation(seg, tmp_path / "a.nii")
    assert (tmp_path / "a.tsv").read_bytes() == b"index\tname\tcolor\n1\ta\t#000000\n"
    row = replace(seg.segments[0], visible=False)
    write_segmentation(replace(seg, segments=(row,)), tmp_path / "a.nii")
    assert (tmp_path / "a.tsv").read_text().endswith("color\tvisible\n1\ta\t#000000\tFALSE\n")
    row = replace(seg.segments[0], status="completed")
    write_segmentation(replace(seg, segments=(row,)), tmp_path / "a.nii")
    assert (tmp_path / "a.tsv").read_text() == (
        "index\tname\tcolor\tstatus\n1\ta\t#000000\tcompleted\n"
    )
    write_segmentation(seg, tmp_path / "a.seg.nrrd")
    assert b"\nSegment0_Tags:=|\n" in (tmp_path / "a.seg.nrrd").read_bytes()


def test_what_is_written_has_what_slicer_reads(tmp_path, any_grid):
    """Read by SimpleITK, whose reader is the one in 3D Slicer."""
    sitk = pytest.importorskip("SimpleITK")
    seg = labels_on(any_grid)
    write_segmentation(seg, tmp_path / "a.seg.nrrd")
    image = sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(image), seg.array)
    np.testing.assert_allclose(image.GetOrigin(), any_grid.origin, atol=1e-9)
    keys = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys() if "Segment" in key}
    assert keys["Segment0_Name"] == "Achilles tendon"
    assert keys["Segment0_LabelValue"] == "7"
    assert keys["Segment0_Layer"] == "0"
    assert keys["Segment0_Color"] == "0.901961 0.623529 0"
    # Slicer cuts each layer to the union of these: first and last index of x, y and z.
    assert keys["Segment0_Extent"] == "4 19 3 8 5 5"
    assert keys["Segment1_Extent"] == "4 6 3 8 2 4"
    assert keys["Segment2_Extent"] == "0 -1 0 -1 0 -1"
    assert len({keys[f"Segment{i}_ID"] for i in range(3)}) == 3
    assert keys["Segmentation_MasterRepresentation"] == "Binary labelmap"
    assert keys["Segmentation_ReferenceImageExtentOffset"] == "0 0 0"
    name, geometry, _ = keys["Segmentation_ConversionParameters"].split("|")
    numbers = [float(n) for n in geometry.split(";")[:-1]]
    assert name == "Reference image geometry"
    ras = np.diag([-1, -1, 1, 1]) @ any_grid.affine
    np.testing.assert_allclose(np.reshape(numbers[:16], (4, 4)), ras, atol=1e-12)
    assert numbers[16:] == [0, 23, 0, 19, 0, 11]


def test_slicerio_reads_what_was_written(tmp_path, any_grid):
    slicerio = pytest.importorskip("slicerio")
    seg = labels_on(any_grid)
    write_segmentation(seg, tmp_path / "a.seg.nrrd")
    found = slicerio.read_segmentation(str(tmp_path / "a.seg.nrrd"))
    np.testing.assert_array_equal(found["voxels"].T, seg.array)
    np.testing.assert_allclose(found["ijkToLPS"], any_grid.affine, atol=1e-9)
    # slicerio itself leaves out letters that are not ASCII.
    names = [s.name.encode("ascii", "ignore").decode() for s in seg.segments]
    assert [s["name"] for s in found["segments"]] == names


def test_slicerio_reads_status_and_terms(tmp_path):
    slicerio = pytest.importorskip("slicerio")
    seg = named("a", "b\tc", "d")
    rows = (
        replace(seg.segments[0], status="in progress", code="SCT^13024002^Tendon"),
        replace(seg.segments[1], status="flagged"),
        seg.segments[2],
    )
    write_segmentation(replace(seg, segments=rows), tmp_path / "a.seg.nrrd")
    a, b, d = slicerio.read_segmentation(str(tmp_path / "a.seg.nrrd"))["segments"]
    assert (a["status"], b["status"], b["name"]) == ("inprogress", "flagged", "b\tc")
    assert a["terminology"] == {
        "contextName": "Segmentation category and type - 3D Slicer General Anatomy list",
        "category": ["SCT", "85756007", "Tissue"],
        "type": ["SCT", "13024002", "Tendon"],
        "anatomicContextName": "Anatomic codes - DICOM master list",
    }
    assert "terminology" not in b
    assert not {"status", "terminology"} & set(d)


def test_what_slicerio_writes_is_read(tmp_path):
    slicerio = pytest.importorskip("slicerio")
    seg = named("a")
    write_segmentation(seg, tmp_path / "a.seg.nrrd")
    found = slicerio.read_segmentation(str(tmp_path / "a.seg.nrrd"))
    found["segments"][0]["status"] = "notstarted"
    found["segments"][0]["terminology"] = {
        "contextName": "x",
        "category": ["SCT", "123037004", "Anatomical Structure"],
        "type": ["SCT", "64033007", "Kidney"],
        "typeModifier": ["SCT", "7771000", "Left"],
    }
    slicerio.write_segmentation(str(tmp_path / "b.seg.nrrd"), found)
    row = read_segmentation(tmp_path / "b.seg.nrrd").segments[0]
    assert (row.status, row.code) == ("not started", "SCT^64033007^Kidney")


def test_term_with_the_marks_of_the_format(tmp_path):
    seg = named("a")
    row = replace(seg.segments[0], code="99X^1^a|b~c")
    with pytest.warns(errors.MedvoxelWarning, match=r"written as '99X\^1\^a/b/c'"):
        write_segmentation(replace(seg, segments=(row,)), tmp_path / "a.seg.nrrd")
    assert read_segmentation(tmp_path / "a.seg.nrrd").segments[0].code == "99X^1^a/b/c"


# --- files of 3D Slicer ---------------------------------------------------------------


def two_layers():
    layers = np.zeros((2, 2, 3, 4), np.uint8)
    layers[0] = 1
    layers[0, 0, 0] = 0
    return layers


def test_slicers_own_header(tmp_path):
    layers = two_layers()
    layers[1, 0, 0, :2] = 1
    with pytest.warns(errors.MedvoxelWarning, match="'?Tumor: größer'? is now 2") as caught:
        seg = read_segmentation(by_slicer(tmp_path / "a.seg.nrrd", layers))
    assert len(caught) == 1  # nothing overlaps
    assert caught[0].filename == __file__
    assert seg.segments == (
        Segment(1, "Head", "#B17A65", status="not started", code="SCT^69536005^Head"),
        Segment(2, "Tumor: größer", "#90EE90", status="in progress"),
    )
    np.testing.assert_array_equal(seg.mask("Head"), layers[0] == 1)
    np.testing.assert_array_equal(seg.mask("Tumor: größer"), layers[1] == 1)
    np.testing.assert_allclose(seg.grid.spacing, (1.4, 0.5, 0.9375), rtol=1e-12)
    np.testing.assert_allclose(seg.grid.origin, (-119.531, -119.531, -77.7))


@pytest.mark.parametrize(
    ("tags", "status", "code"),
    [
        ("Segmentation.Status:completed|", "completed", None),
        ("DicomRtImport.RoiNumber:3|Segmentation.Status:flagged", "flagged", None),
        ("Segmentation.Status:approved|TerminologyEntry:a~b|", None, None),
        # Nothing chosen: SNOMED CT's "Tissue", and its code of before 2018.
        ("TerminologyEntry:x~SCT^85756007^Tissue~SCT^85756007^Tissue~^^~y~^^~^^|", None, None),
        ("TerminologyEntry:x~SRT^T-D0050^Tissue~SRT^T-D0050^Tissue~^^~y~^^~^^|", None, None),
        ("TerminologyEntry:x~SCT^85756007^Tissue~SCT^1^~^^~y~^^~^^|", None, "SCT^1^1"),
        ("TerminologyEntry:~^^~^^~^^~~^^~^^|", None, None),
        ("TerminologyEntry:x~a^b~SCT^1^a^b~|", None, None),
        ("||:|TerminologyEntry|Segmentation.Status", None, None),
    ],
)
def test_tags_of_other_programs(tmp_path, tags, status, code):
    header = three_layers_header(1) + f"Segment0_Tags:={tags}\n"
    layers = np.ones((1, 2, 3, 4), np.uint8)
    row = read_segmentation(by_slicer(tmp_path / "a.seg.nrrd", layers, header)).segments[0]
    assert (row.name, row.status, row.code) == ("A", status, code)


def test_overlap_is_flattened_and_counted_for_each_pair(tmp_path):
    """Trap B15: nothing is lost without a word; the later segment is on top."""
    layers = np.zeros((3, 2, 3, 4), np.uint8)
    layers[0, 0] = 1  # 12 voxels of A
    layers[1, 0, 1:] = 5  # 8 of B, all on A
    layers[2, 0, 2] = 9  # 4 of C, all on A and B
    layers[2, 1, 0, :2] = 9  # and 2 alone
    path = by_slicer(tmp_path / "a.seg.nrrd", layers, three_layers_header(1, 5, 9))
    with pytest.warns(errors.MedvoxelWarning, match="overlap") as caught:
        seg = read_segmentation(path)
    assert len(caught) == 1
    message = str(caught[0].message)
    for pair in ("8 of 'A' under 'B'", "4 of 'A' under 'C'", "4 of 'B' under 'C'"):
        assert pair in message
    assert [s.value for s in seg.segments] == [1, 5, 9]
    expected = np.zeros((2, 3, 4), int)
    expected[0] = np.array([1, 5, 9])[:, None]
    expected[1, 0, :2] = 9
    np.testing.assert_array_equal(seg.array, expected)


def test_overlap_of_random_layers(tmp_path, rng):
    """Against counting each pair of masks by itself."""
    layers = (rng.random((3, 2, 3, 4)) < 0.6).astype(np.uint8) * np.array([4, 2, 4])[
        :, None, None, None
    ].astype(np.uint8)
    path = by_slicer(tmp_path / "a.seg.nrrd", layers, three_layers_header(4, 2, 4))
    with pytest.warns(errors.MedvoxelWarning) as caught:
        seg = read_segmentation(path)
    text = " ".join(str(w.message) for w in caught)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        both = np.count_nonzero((layers[i] > 0) & (layers[j] > 0))
        assert f"{both} of '{'ABC'[i]}' under '{'ABC'[j]}'" in text
    assert "C is now 1" in text
    top = np.where(layers[2] > 0, 1, np.where(layers[1] > 0, 2, np.where(layers[0] > 0, 4, 0)))
    np.testing.assert_array_equal(seg.array, top)


def test_two_rows_for_the_same_voxels(tmp_path):
    header = three_layers_header(1, 1).replace("_Layer:=1", "_Layer:=0")
    layers = np.zeros((2, 2, 3, 4), np.uint8)
    layers[0, 0, 0] = 1
    with pytest.warns(errors.MedvoxelWarning) as caught:
        seg = read_segmentation(by_slicer(tmp_path / "a.seg.nrrd", layers, header))
    assert any("4 of 'A' under 'B'" in str(w.message) for w in caught)
    assert np.count_nonzero(seg.mask("B")) == 4
    assert not seg.mask("A").any()


def test_labels_that_no_segment_claims(tmp_path):
    layers = np.array([[[[0, 1, 5, 5]] * 3] * 2])
    header = three_layers_header(1)
    with pytest.warns(errors.MedvoxelWarning, match="1 label that occurs"):
        seg = read_segmentation(by_slicer(tmp_path / "a.seg.nrrd", layers, header))
    assert [(s.value, s.name) for s in seg.segments] == [(1, "A"), (5, "segment 5")]
    np.testing.assert_array_equal(seg.array, layers[0])


def test_names_that_occur_twice_or_not_at_all(tmp_path, recwarn):
    header = three_layers_header(1, 2, 3).replace("Name:=C", "Name:=A").replace("Name:=B", "x:=")
    layers = np.zeros((3, 2, 3, 4), np.uint8)
    seg = read_segmentation(by_slicer(tmp_path / "a.seg.nrrd", layers, header))
    assert [s.name for s in seg.segments] == ["A", "S1", "A (2)"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("Segment1_Layer:=1", "Segment1_Layer:=2"), errors.FileFormatError),
        (("Segment1_Layer:=1", "Segment1_Layer:=-1"), errors.FileFormatError),
        (("Segment1_LabelValue:=1", "Segment1_LabelValue:=0"), errors.FileFormatError),
        (("Segment1_LabelValue:=1", "Segment1_LabelValue:=one"), errors.FileFormatError),
        (("tion:=Binary", "tion:=Fractional"), errors.InputError),
        (("Segmentation_Ref", "Segmentation_Extent:=0 3 0 2 0 1\nX"), errors.FileFormatError),
    ],
)
def test_segments_that_make_no_sense(tmp_path, change, error):
    path = by_slicer(tmp_path / "a.seg.nrrd", two_layers(), SLICER.replace(*change))
    with pytest.raises(error):
        read_segmentation(path)


def test_colours_that_make_no_sense(tmp_path):
    header = SLICER.replace("0.694118 0.478431 0.396078", "2 -1 0.5").replace(
        "0.564706 0.933333 0.564706", "nan x"
    )
    with pytest.warns(errors.MedvoxelWarning, match="share a label"):
        seg = read_segmentation(by_slicer(tmp_path / "a.seg.nrrd", two_layers(), header))
    assert [s.colour for s in seg.segments] == ["#FF0080", "#56B4E9"]


def test_segments_without_voxels(tmp_path, make_grid):
    """3D Slicer writes one voxel, whose place means nothing, when all segments are empty."""
    header = three_layers_header(1).replace("sizes: 1 4 3 2", "sizes: 1 1 1 1")
    path = by_slicer(tmp_path / "a.seg.nrrd", np.zeros((1, 1, 1, 1)), header)
    with pytest.warns(errors.MedvoxelWarning, match="holds no voxels"):
        assert read_segmentation(path).array.shape == (1, 1, 1)
    grid = make_grid("oblique")
    seg = read_segmentation(path, reference=Volume(np.zeros(grid.shape), grid))
    assert seg.grid is grid
    assert [s.name for s in seg.segments] == ["A"]
    assert not seg.array.any()
