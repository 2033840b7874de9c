"""Real-world value mapping: applied where nothing else says what values mean."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_factory import MR, positions, stored_values, write_enhanced, write_series
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medvoxel import errors, read_dicom

PLAIN = {"RescaleSlope": None, "RescaleIntercept": None, **MR}


def mapping(slope=0.25, intercept=-3.5, unit="ms", **tags) -> Sequence:
    item, code = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.MeasurementUnitsCodeSequence = Sequence([code])
    item.LUTLabel = "T2"
    if slope is not None:
        item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    for keyword, value in tags.items():
        setattr(item, keyword, value)
    return Sequence([item])


def row(volume):
    return next(r for r in volume.qc if r.check == "slope and intercept")


def test_a_mapping_is_applied_where_there_is_no_rescale(tmp_path):
    write_series(tmp_path, RealWorldValueMappingSequence=mapping(), **PLAIN)
    volume = read_dicom(tmp_path)
    np.testing.assert_allclose(volume.array, stored_values() * 0.25 - 3.5)
    assert volume.unit == "ms"
    assert row(volume).done == "mapping applied"


def test_each_slice_has_its_own(tmp_path):
    each = [
        {"RealWorldValueMappingSequence": mapping(slope=i + 1.0, intercept=0)} for i in range(6)
    ]
    write_series(tmp_path, each=each, **PLAIN)
    scale = np.arange(1, 7)[:, None, None]
    np.testing.assert_allclose(read_dicom(tmp_path).array, stored_values() * scale)


def test_slope_and_intercept_win(tmp_path):
    write_series(tmp_path, RealWorldValueMappingSequence=mapping(), RescaleSlope=2, **MR)
    volume = read_dicom(tmp_path)
    np.testing.assert_array_equal(volume.array, stored_values().astype(int) * 2 - 1024)
    assert row(volume).done == "applied; the mapping is not"


@pytest.mark.parametrize("slope", [None, 0.0])
def test_a_mapping_that_is_not_linear_is_told(tmp_path, slope):
    write_series(tmp_path, RealWorldValueMappingSequence=mapping(slope=slope), **PLAIN)
    volume = read_dicom(tmp_path)
    np.testing.assert_array_equal(volume.array, stored_values())
    assert volume.unit == "stored values"
    assert "not linear" in row(volume).done


@pytest.mark.parametrize(("last", "applied"), [(65535, True), (100, False)])
def test_a_mapping_of_a_part_of_the_values_is_not_applied(tmp_path, last, applied):
    part = mapping(RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=last)
    write_series(tmp_path, RealWorldValueMappingSequence=part, **PLAIN)
    volume = read_dicom(tmp_path)
    assert volume.unit == ("ms" if applied else "stored values")


def test_units_that_differ_are_not_mixed(tmp_path):
    each = [{"RealWorldValueMappingSequence": mapping(unit="ms" if i else "s")} for i in range(6)]
    write_series(tmp_path, each=each, **PLAIN)
    assert read_dicom(tmp_path).unit == "stored values"


def test_enhanced_frames(tmp_path):
    groups = [{"RealWorldValueMappingSequence": mapping(slope=0.5 + i)} for i in range(6)]
    array = stored_values()
    write_enhanced(
        tmp_path / "enhanced.dcm", array, places=positions(6), rescale=None, groups=groups
    )
    volume = read_dicom(tmp_path)
    np.testing.assert_allclose(
        volume.array, array * (0.5 + np.arange(6))[:, None, None] - 3.5, rtol=1e-6
    )
    assert volume.unit == "ms"


def test_a_mapping_that_cannot_be_read_is_refused(tmp_path):
    files = write_series(tmp_path, RealWorldValueMappingSequence=mapping(), **PLAIN)
    data = files[2].read_bytes()
    at = data.index(b"\x40\x00\x25\x92FD")
    files[2].write_bytes(data[: at + 4] + b"XX" + data[at + 6 :])
    with pytest.raises(errors.DicomError):
        read_dicom(tmp_path)
