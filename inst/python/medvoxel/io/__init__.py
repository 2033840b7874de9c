"""File formats: DICOM and NIfTI."""
