"""DICOM headers of the phantom: every attribute of type 1 and 2 that its IODs ask for.

The modules are those of PS3.3 A.3 (CT Image IOD) and A.4 (MR Image IOD); each function
fills one group of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from .volume import Volume

__all__ = ["Identity", "Storage", "slice_dataset"]

_PATIENT_NAME = "Volunteer^Synthetic"
_DATE = "20000101"
_TIME = "120000"
_MANUFACTURER = "medvoxel"
_LATERALITY = {"left": "L", "right": "R"}


@dataclass(frozen=True)
class Storage:
    """How voxels become stored values: ``stored = value - intercept``, unsigned."""

    intercept: int
    bits: int


@dataclass(frozen=True)
class Identity:
    """Identifiers of one series; all made from what they stand for, none at random."""

    patient: str
    study: str
    series: str
    frame: str

    @classmethod
    def of(cls, volume: Volume, patient: str) -> Identity:
        """Make the identifiers of `volume` as a scan of `patient`.

        The CT and the MR of one phantom belong to one study and share the frame of
        reference, for they show the same ankle; other voxels make another series.
        """
        content = hashlib.sha256(np.ascontiguousarray(volume.array, dtype=np.int32).data)
        content.update(repr((volume.grid.describe(), volume.grid.affine.tolist())).encode())
        content.update(volume.modality.encode())
        subject = [
            str(volume.info.get(key, "")) for key in ("phantom", "seed", "side", "pathology")
        ]
        if not subject[0]:
            subject = [content.hexdigest()]
        return cls(
            patient,
            generate_uid(entropy_srcs=["study", patient, *subject]),
            generate_uid(entropy_srcs=["series", patient, content.hexdigest()]),
            generate_uid(entropy_srcs=["frame", patient, *subject]),
        )

    def instance(self, number: int) -> str:
        """Make the identifier of an image of the series."""
        return generate_uid(entropy_srcs=["instance", self.series, str(number)])


def slice_dataset(
    volume: Volume, index: int, number: int, identity: Identity, storage: Storage
) -> Dataset:
    """One slice as a data set with file meta information.

    Parameters
    ----------
    volume : Volume
        The scan.
    index : int
        Slice of the array.
    number : int
        Instance Number, from 1.
    identity : Identity
        Of the series.
    storage : Storage
        How values are stored.

    Returns
    -------
    Dataset
        Ready to be saved, explicit VR little endian.
    """
    ct = volume.modality == "CT"
    ds = Dataset()
    ds.SOPClassUID = CTImageStorage if ct else MRImageStorage
    ds.SOPInstanceUID = identity.instance(number)
    ds.SpecificCharacterSet = "ISO_IR 100"
    _add_patient_and_study(ds, identity, str(volume.info.get("seed", "1")))
    _add_series_and_equipment(ds, volume, identity)
    _add_image(ds, volume, index, number)
    _add_pixels(ds, volume.array[index], storage)
    if ct:
        _add_ct(ds, storage)
    else:
        _add_mr(ds, volume)
    ds.file_meta = _file_meta(ds)
    return ds


def _add_patient_and_study(ds: Dataset, identity: Identity, study: str) -> None:
    ds.PatientName = _PATIENT_NAME
    ds.PatientID = identity.patient
    ds.PatientBirthDate = ""
    ds.PatientSex = "O"
    ds.QualityControlSubject = "YES"
    ds.PatientComments = "Fictitious: computed, no patient was scanned"
    ds.StudyInstanceUID = identity.study
    ds.StudyDate = _DATE
    ds.StudyTime = _TIME
    ds.ReferringPhysicianName = ""
    ds.StudyID = study[:16]
    ds.AccessionNumber = ""
    ds.StudyDescription = "Ankle phantom"


def _add_series_and_equipment(ds: Dataset, volume: Volume, identity: Identity) -> None:
    ds.Modality = volume.modality
    ds.SeriesInstanceUID = identity.series
    ds.SeriesNumber = 1 if volume.modality == "CT" else 2
    ds.SeriesDate = _DATE
    ds.SeriesTime = _TIME
    ds.SeriesDescription = "Ankle phantom CT" if volume.modality == "CT" else "Ankle phantom T1"
    ds.PatientPosition = "FFS"
    ds.Laterality = _LATERALITY.get(str(volume.info.get("side", "")), "")
    if volume.info.get("phantom") == "ankle":
        ds.BodyPartExamined = "ANKLE"
    ds.FrameOfReferenceUID = identity.frame
    ds.PositionReferenceIndicator = ""
    ds.Manufacturer = _MANUFACTURER
    ds.ManufacturerModelName = "Ankle phantom"


def _add_image(ds: Dataset, volume: Volume, index: int, number: int) -> None:
    grid = volume.grid
    position = grid.index_to_lps((index, 0, 0))
    ds.InstanceNumber = number
    ds.AcquisitionNumber = 1
    ds.ContentDate = ds.AcquisitionDate = _DATE
    ds.ContentTime = ds.AcquisitionTime = _TIME
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    ds.ImageOrientationPatient = _decimals(grid.direction[:, :2].T.ravel())
    ds.ImagePositionPatient = _decimals(position)
    normal = np.cross(grid.direction[:, 0], grid.direction[:, 1])
    ds.SliceLocation = _decimals([float(normal @ position)])[0]
    ds.PixelSpacing = _decimals(grid.spacing[1:])
    ds.SliceThickness = _decimals([grid.spacing[0]])[0]


def _add_pixels(ds: Dataset, values: NDArray[np.integer], storage: Storage) -> None:
    stored = (values.astype(np.int32) - storage.intercept).astype("<u2")
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = values.shape
    ds.BitsAllocated = 16
    ds.BitsStored = storage.bits
    ds.HighBit = storage.bits - 1
    ds.PixelRepresentation = 0
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"


def _add_ct(ds: Dataset, storage: Storage) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.RescaleIntercept = storage.intercept
    ds.RescaleSlope = 1
    ds.RescaleType = "HU"
    ds.KVP = 120
    ds.WindowCenter, ds.WindowWidth = 40, 400


def _add_mr(ds: Dataset, volume: Volume) -> None:
    """Fill the MR attributes; no slope and no intercept, as MR scanners leave them out."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    ds.ScanningSequence = "SE"
    ds.SequenceVariant = "NONE"
    ds.ScanOptions = ""
    ds.MRAcquisitionType = "2D"
    ds.RepetitionTime = 600
    ds.EchoTime = 12
    ds.EchoTrainLength = 1
    ds.MagneticFieldStrength = "1.5"
    ds.SpacingBetweenSlices = _decimals([volume.grid.spacing[0]])[0]


def _file_meta(ds: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["medvoxel"])
    meta.ImplementationVersionName = "MEDVOXEL"
    return meta


def _decimals(values: object) -> list[str]:
    """Numbers with as many digits as a decimal string may have (16 characters)."""
    # Rounding drops the dust of a rotation, adding 0 the sign of zero.
    return [_decimal(round(float(v), 12) + 0.0) for v in np.asarray(values, dtype=float)]


def _decimal(value: float) -> str:
    # pydicom's format_number_as_ds makes 17 characters of -9.99999999999999.
    return next(text for text in (f"{value:.{n}g}" for n in range(15, 0, -1)) if len(text) <= 16)
