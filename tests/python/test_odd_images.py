"""Images that look like slices of a scan and are something else, or lack something."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_factory import MR, positions, stored_values, write_enhanced, write_series
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medvoxel import errors, list_series, read_dicom, slice_files

HU = stored_values().astype(int) - 1024


def row(volume, check: str):
    return next(r for r in volume.qc if r.check == check)


@pytest.mark.parametrize("keyword", ["ImageOrientationPatient", "ImagePositionPatient", "Rows"])
@pytest.mark.parametrize("which", [0, 5])
def test_an_end_slice_that_cannot_be_placed_is_not_lost_silently(tmp_path, keyword, which):
    path = write_series(tmp_path)[which]
    data = pydicom.dcmread(path)
    delattr(data, keyword)
    data.save_as(path)
    with pytest.raises(errors.DicomError, match="1 image of the series cannot be placed") as caught:
        read_dicom(tmp_path)
    assert caught.value.details["files"] == [str(path)]
    with pytest.warns(errors.DicomWarning, match="cannot be placed"):
        volume = read_dicom(tmp_path, on_problem="fix")
    np.testing.assert_array_equal(volume.array, np.delete(HU, which, axis=0))
    assert row(volume, "other series").severity == "problem"


def test_localizers_and_captures_of_the_series_are_left_out(tmp_path, recwarn):
    write_series(tmp_path)
    capture = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "ImagePositionPatient": None}
    write_series(tmp_path, stored_values()[:1], names=["screen"], **capture)
    write_series(
        tmp_path,
        stored_values()[:1],
        names=["scout"],
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
    )
    volume = read_dicom(tmp_path)
    np.testing.assert_array_equal(volume.array, HU)
    assert "1 localizer, 1 secondary capture" in row(volume, "other series").found
    assert not recwarn.list


def test_two_photometric_interpretations_are_not_mixed(tmp_path):
    each = [{"PhotometricInterpretation": f"MONOCHROME{1 + (i > 2)}"} for i in range(6)]
    write_series(tmp_path, each=each)
    with pytest.raises(errors.DicomError, match="2 photometric interpretations"):
        read_dicom(tmp_path)
    with pytest.warns(errors.DicomWarning, match="photometric"):
        volume = read_dicom(tmp_path, on_problem="warn")
    assert row(volume, "photometric interpretation").severity == "problem"


def test_palette_colours_mosaics_and_doses_are_no_volume(tmp_path):
    write_series(tmp_path / "a", PhotometricInterpretation="PALETTE COLOR", SeriesInstanceUID="1.1")
    write_series(tmp_path / "b", ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"],
                 SeriesInstanceUID="1.2", **MR)  # fmt: skip
    write_series(tmp_path / "c", Modality="RTDOSE", SeriesInstanceUID="1.3")
    assert [r.kind for r in list_series(tmp_path)] == ["colour image", "mosaic", "dose"]
    for place in range(3):
        with pytest.raises(errors.DicomError, match="is no volume"):
            read_dicom(tmp_path, series=place)


def test_a_secondary_capture_with_positions_is_read_and_told(tmp_path):
    # As programs write that make DICOM of other formats.
    write_series(tmp_path, SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    volume = read_dicom(tmp_path)
    np.testing.assert_array_equal(volume.array, HU)
    assert row(volume, "kind of images").severity == "note"


@pytest.mark.parametrize(
    ("tags", "found"),
    [({"RescaleIntercept": None}, "only a slope"), ({"RescaleSlope": None}, "only an intercept")],
)
def test_half_of_a_rescale_is_said_and_makes_no_hounsfield_units(tmp_path, tags, found):
    write_series(tmp_path, **tags)
    volume = read_dicom(tmp_path)
    assert volume.unit == "rescaled values"
    said = row(volume, "slope and intercept")
    assert (said.found, said.severity) == (found, "problem")


def test_thickness_that_differs_is_said(tmp_path):
    write_series(tmp_path, each=[{"SliceThickness": 4 + (i == 3)} for i in range(6)])
    assert row(read_dicom(tmp_path), "slice thickness").found == "4 to 5 mm, spacing 4 mm"


# --- enhanced multi-frame -------------------------------------------------------------


def item(**values) -> Sequence:
    data = Dataset()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return Sequence([data])


def test_thickness_type_and_order_of_frames(tmp_path):
    groups = [
        {
            "PixelMeasuresSequence": item(PixelSpacing=[0.8, 0.5], SliceThickness=2.5),
            "PixelValueTransformationSequence": item(
                RescaleSlope=1, RescaleIntercept=0, RescaleType="Z_EFF"
            ),
        }
        for _ in range(6)
    ]
    write_enhanced(
        tmp_path / "a.dcm", stored_values(), places=positions(6), rescale=None, groups=groups
    )
    volume = read_dicom(tmp_path)
    assert volume.unit == "Z_EFF"
    assert row(volume, "slice thickness").found.startswith("2.5 mm, spacing 4 mm")
    assert row(volume, "slice order").severity == "ok"


def test_a_single_frame_takes_its_own_thickness(tmp_path):
    groups = [{"PixelMeasuresSequence": item(PixelSpacing=[0.8, 0.5], SliceThickness=2.5)}]
    write_enhanced(
        tmp_path / "a.dcm",
        stored_values()[:1],
        places=positions(1),
        rescale=[(1, 0)],
        groups=groups,
    )
    assert read_dicom(tmp_path).grid.spacing == pytest.approx((2.5, 0.8, 0.5))


def test_frames_of_two_flip_angles(tmp_path):
    angles = [{"MRTimingAndRelatedParametersSequence": item(FlipAngle=5.0 + 10 * (i % 2))}
              for i in range(12)]  # fmt: skip
    places = [place for place in positions(6) for _ in range(2)]
    write_enhanced(
        tmp_path / "a.dcm", stored_values((12, 5, 7)), places=places, rescale=[(1, 0)] * 12,
        groups=angles,
    )  # fmt: skip
    assert [r.part for r in list_series(tmp_path)] == ["flip angle 5.0", "flip angle 15.0"]


# --- padding ----------------------------------------------------------------------------


def test_padding_of_slices_with_slopes_of_their_own_is_air_at_once(tmp_path):
    values = stored_values().astype(np.int16) + 10
    values[:, 0] = -2000
    each = [{"RescaleSlope": 1 + i} for i in range(6)]
    write_series(tmp_path, values, each=each, PixelPaddingValue=-2000, RescaleIntercept=0)
    volume = read_dicom(tmp_path)
    assert set(volume.array[:, 0].ravel()) == {-1000}
    assert row(volume, "padding").severity == "fixed"


def test_padding_that_is_not_declared_is_found_when_mending(tmp_path):
    values = stored_values((6, 20, 20)).astype(np.int16)
    values[:, :3] = -2000
    write_series(tmp_path, values)
    volume = read_dicom(tmp_path, on_problem="fix")
    assert set(volume.array[:, :3].ravel()) == {-1000}
    np.testing.assert_array_equal(volume.array[:, 3:], values[:, 3:] - 1024)
    assert row(volume, "padding").found == "-3024 HU, not declared, in 360 voxels"


def test_zero_stays_zero_where_it_marks_padding_of_an_mr(tmp_path):
    values = stored_values() + 1
    values[:, 0] = 0
    write_series(
        tmp_path, values, PixelPaddingValue=0, RescaleSlope=None, RescaleIntercept=None, **MR
    )
    np.testing.assert_array_equal(read_dicom(tmp_path, on_problem="fix").array, values)


# --- identifiers ------------------------------------------------------------------------


def test_identifiers_in_the_head_of_the_file_will_do(tmp_path):
    for path in write_series(tmp_path):
        data = pydicom.dcmread(path)
        data.SOPInstanceUID = ""
        data.save_as(path)
    assert all(s.uid for s in slice_files(read_dicom(tmp_path)))
