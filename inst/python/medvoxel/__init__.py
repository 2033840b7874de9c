"""Geometry-true medical volumes: read, resample, mesh, segment and measure.

Arrays are indexed ``[z, y, x]``; places are LPS millimetres in (x, y, z) order. Names
are loaded when they are first used, so that ``import medvoxel`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "Grid": "geometry",
    "orientation_code": "geometry",
    "Mesh": "volume",
    "Segment": "volume",
    "Segmentation": "volume",
    "Volume": "volume",
    "QualityCheck": "provenance",
    "SliceSource": "provenance",
    "list_series": "io.dicom",
    "read_dicom": "io.dicom",
    "scan_qc": "quality",
    "slice_files": "quality",
    "sop_instance_uids": "io.dicom.uids",
    "deidentify_dicom": "io.deidentify",
    "read_nifti": "io.nifti",
    "write_nifti": "io.nifti",
    "read_nrrd": "io.nrrd",
    "write_nrrd": "io.nrrd",
    "read_segmentation": "io.segmentations",
    "write_segmentation": "io.segmentations",
    "crop": "rearranging",
    "reorient": "rearranging",
    "hounsfield": "intensity",
    "tissue_ranges": "intensity",
    "resample": "resampling",
    "resample_to": "resampling",
    "make_mesh": "mesh",
    "smooth_mesh": "mesh",
    "simplify_mesh": "mesh",
    "mesh_area": "mesh",
    "mesh_volume": "mesh",
    "is_watertight": "mesh",
    "write_mesh": "mesh_io",
    "draw_mesh": "mesh_draw",
    "segment_threshold": "segmentation.threshold",
    "segment_kmeans": "segmentation.kmeans",
    "segment_body": "segmentation.presets",
    "segment_bone": "segmentation.presets",
    "segment_soft_tissue": "segmentation.presets",
    "segment_fat": "segmentation.presets",
    "segment_lung": "segmentation.presets",
    "segment_air": "segmentation.presets",
    "segment_tissues": "segmentation.presets",
    "mask_scan": "segmentation.mask",
    "edit": "segmentation.edits",
    "grow_from_seeds": "segmentation.growing",
    "editable_mask": "segmentation.masking",
    "paint": "segmentation.painting",
    "erase": "segmentation.painting",
    "brush_region": "segmentation.painting",
    "smooth_segment": "segmentation.smoothing",
    "kernel_size": "segmentation.smoothing",
    "margin": "segmentation.margins",
    "hollow": "segmentation.margins",
    "islands": "segmentation.island_operations",
    "split_islands": "segmentation.island_operations",
    "combine_segments": "segmentation.combining",
    "remove_segment": "segmentation.combining",
    "fill_holes": "segmentation.filling",
    "fill_between_slices": "segmentation.filling",
    "overlap": "segmentation.overlaps",
    "surface_distance": "segmentation.surface_distances",
    "agreement": "segmentation.observers",
    "consensus": "segmentation.consensus_labels",
    "segment_statistics": "statistics",
    "extract_radiomics": "radiomics.extracting",
    "radiomics_map": "radiomics.maps",
    "feature_reliability": "radiomics.reliability",
    "RadiomicsSettings": "radiomics.settings",
    "checked_settings": "radiomics.settings",
    "RadiomicsTable": "radiomics.extracting",
    "radiomics_catalogue": "radiomics.catalogue",
    "read_parameters": "radiomics.parameter_file",
    "write_parameters": "radiomics.parameter_file",
    "ankle_phantom": "phantom",
    "write_phantom_dicom": "phantom_dicom",
    "environment_report": "environment",
}

__all__ = ["__version__", *sorted(_WHERE)]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'medvoxel' has no attribute {name!r}")
    value = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
