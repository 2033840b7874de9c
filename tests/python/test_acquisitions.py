"""Several acquisitions in one series are taken apart by what tells them apart."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_factory import MR, SERIES, positions, stored_values, write_enhanced, write_series
from pydicom.uid import generate_uid

from medvoxel import errors, list_series, read_dicom

WHOLE = {"RescaleSlope": None, "RescaleIntercept": None, **MR}


def two(folder, keyword: str, values, **tags) -> np.ndarray:
    """Write two acquisitions at the same places, files of both mixed by name."""
    array = stored_values((12, 5, 7))
    places = [place for place in positions(6) for _ in range(2)]
    each = [{keyword: values[i % 2]} for i in range(12)]
    write_series(folder, array, places=places, each=each, **{**WHOLE, **tags})
    return array


@pytest.mark.parametrize(
    ("keyword", "values", "part"),
    [
        ("AcquisitionNumber", (1, 2), "acquisition 1"),
        ("TemporalPositionIdentifier", (1, 2), "temporal position 1"),
        ("EchoTime", (2.46, 4.92), "echo time 2.46"),
        ("EchoNumbers", (1, 2), "echo 1"),
        ("DiffusionBValue", (0.0, 1000.0), "b-value 0"),
        ("TriggerTime", (0, 40), "trigger time 0"),
        ("ImageType", (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]), "image type"),
    ],
)
def test_acquisitions_at_the_same_places_are_split(tmp_path, keyword, values, part):
    array = two(tmp_path, keyword, values)
    rows = list_series(tmp_path)
    assert [(r.kind, r.slices, r.problem) for r in rows] == [("volume", 6, "")] * 2
    assert rows[0].part.startswith(part)
    for i in range(2):
        np.testing.assert_array_equal(read_dicom(tmp_path, series=i).array, array[i::2])


def test_a_series_of_several_stacks_has_to_be_chosen(tmp_path):
    two(tmp_path, "EchoTime", (2.46, 4.92))
    with pytest.raises(errors.DicomError, match=r"mixes 2 stacks .*echo time 2\.46") as caught:
        read_dicom(tmp_path)
    assert "series=" in caught.value.hint
    with pytest.warns(errors.DicomWarning, match="the largest was read"):
        volume = read_dicom(tmp_path, series=SERIES, on_problem="fix")
    assert next(r for r in volume.qc if r.check == "mixed orientation").severity == "note"


def test_two_keys_at_once(tmp_path):
    array = stored_values((24, 4, 4))
    places = [place for place in positions(6) for _ in range(4)]
    each = [{"EchoTime": 2.0 + (i % 2), "TemporalPositionIdentifier": 1 + (i // 2) % 2}
            for i in range(24)]  # fmt: skip
    write_series(tmp_path, array, places=places, each=each, **WHOLE)
    assert [r.slices for r in list_series(tmp_path)] == [6] * 4
    found = {tuple(read_dicom(tmp_path, series=i).array[:, 0, 0]) for i in range(4)}
    assert found == {tuple(array[i::4, 0, 0]) for i in range(4)}


def test_acquisition_numbers_along_one_stack_do_not_split_it(tmp_path):
    write_series(tmp_path, each=[{"AcquisitionNumber": 1 + i // 3} for i in range(6)])
    assert [r.slices for r in list_series(tmp_path)] == [6]


def test_a_key_that_counts_images_does_not_shred_a_series(tmp_path):
    array = stored_values((12, 5, 7))
    places = [place for place in positions(6) for _ in range(2)]
    each = [{"EchoTime": 2.0 + i % 2, "AcquisitionNumber": 1 + i, "TriggerTime": 7 * i}
            for i in range(12)]  # fmt: skip
    write_series(tmp_path, array, places=places, each=each, **WHOLE)
    assert [r.slices for r in list_series(tmp_path)] == [6, 6]
    np.testing.assert_array_equal(read_dicom(tmp_path, series=0).array, array[::2])


def test_one_slice_scanned_again_is_a_duplicate_and_no_split(tmp_path):
    places = [*positions(6), positions(6)[2]]
    each = [{"AcquisitionNumber": 1 + i} for i in range(7)]
    write_series(tmp_path, stored_values((7, 5, 7)), places=places, each=each)
    assert [(r.slices, r.problem) for r in list_series(tmp_path)] == [(7, "duplicate positions")]


def test_times_tell_apart_and_are_not_shown(tmp_path):
    array = two(tmp_path, "AcquisitionTime", ("101530.25", "101612.5"))
    assert [r.part for r in list_series(tmp_path)] == ["time point 1", "time point 2"]
    volume = read_dicom(tmp_path, series=1)
    np.testing.assert_array_equal(volume.array, array[1::2])
    assert not any("1016" in f"{r.found} {r.done}" for r in volume.qc)


def test_of_images_that_nothing_tells_apart_warn_takes_one_acquisition(tmp_path):
    # Three passes, one after the other; IM10 comes after IM2.
    array = stored_values((12, 4, 4))
    places = positions(4) * 3
    names = [f"IM{i + 1}" for i in range(12)]
    write_series(tmp_path, array, places=places, names=names, InstanceNumber=None, **WHOLE)
    with pytest.warns(errors.DicomWarning, match="8 images were left out"):
        volume = read_dicom(tmp_path, on_problem="warn")
    np.testing.assert_array_equal(volume.array, array[:4])


def test_stacks_of_other_orientation_size_and_pixels_are_named(tmp_path):
    coronal = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0]
    write_series(tmp_path, names=[f"a{i}" for i in range(6)])
    write_series(tmp_path, names=[f"b{i}" for i in range(6)], ImageOrientationPatient=coronal)
    write_series(tmp_path, stored_values((6, 5, 8)), names=[f"c{i}" for i in range(6)])
    write_series(tmp_path, names=[f"d{i}" for i in range(6)], PixelSpacing=[1, 1])
    parts = {r.part for r in list_series(tmp_path)}
    assert "7 x 5, coronal, pixels of 0.5 x 0.8 mm" in parts
    assert "8 x 5, axial, pixels of 0.5 x 0.8 mm" in parts
    assert "7 x 5, axial, pixels of 1 x 1 mm" in parts


def test_what_nothing_tells_apart_is_a_duplicate_with_its_files(tmp_path):
    two(tmp_path, "EchoTime", (2.46, 2.46))
    with pytest.raises(errors.DicomError, match="6 slices lie at the place of another") as caught:
        read_dicom(tmp_path)
    assert len(caught.value.details["files"]) == 6


def test_frames_of_reference_are_split(tmp_path):
    each = [{"FrameOfReferenceUID": "1.2.3" if i < 3 else "1.2.4"} for i in range(6)]
    write_series(tmp_path, each=each)
    assert [r.slices for r in list_series(tmp_path)] == [3, 3]


def test_a_frame_of_reference_for_each_image_says_nothing(tmp_path):
    write_series(tmp_path, each=[{"FrameOfReferenceUID": generate_uid()} for _ in range(6)])
    with pytest.raises(errors.DicomError, match="6 frames of reference") as caught:
        read_dicom(tmp_path, on_problem="fix")
    assert caught.value.details["problems"] == ["frames_of_reference"]
    with pytest.warns(errors.DicomWarning, match="6 frames of reference"):
        volume = read_dicom(tmp_path, on_problem="warn")
    np.testing.assert_array_equal(volume.array, stored_values().astype(int) - 1024)


def test_enhanced_frames_of_two_time_points(tmp_path):
    array = stored_values((12, 5, 7))
    places = [place for place in positions(6)[::-1] for _ in range(2)]
    write_enhanced(
        tmp_path / "enhanced.dcm", array, places=places, rescale=[(1, 0)] * 12,
        content=[{"TemporalPositionIndex": 1 + i % 2, "StackID": "1"} for i in range(12)],
    )  # fmt: skip
    assert [(r.part, r.slices) for r in list_series(tmp_path)] == [
        ("temporal position 1", 6),
        ("temporal position 2", 6),
    ]
    np.testing.assert_array_equal(read_dicom(tmp_path, series=1).array, array[1::2][::-1])


def test_a_direction_for_each_image_is_grouped_in_time(tmp_path):
    angles = np.linspace(0, np.pi, 40, endpoint=False)
    each = [
        {"ImageOrientationPatient": [float(np.cos(a)), float(np.sin(a)), 0.0, 0.0, 0.0, -1.0]}
        for a in angles
    ]
    write_series(tmp_path, stored_values((40, 3, 4)), each=each, places=[[0, 0, 0]] * 40)
    assert [r.slices for r in list_series(tmp_path)] == [1] * 40
