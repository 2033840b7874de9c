"""Names that settings and parameter files may use."""

from __future__ import annotations

__all__ = [
    "AGGREGATIONS",
    "CLASSES",
    "DEFAULT_CLASSES",
    "FILTER_SETTINGS",
    "IMAGE_TYPES",
    "INTERPOLATORS",
    "OTHER_INTERPOLATORS",
    "WEIGHTINGS",
]

CLASSES = {
    "pyradiomics": (
        "shape", "shape2D", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm",
    ),
    "ibsi": (
        "morphology", "local_intensity", "statistics", "histogram", "volume_histogram",
        "glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm",
    ),
}  # fmt: skip
"""Feature classes of each definition, in the order of the table's columns."""

DEFAULT_CLASSES = {
    "pyradiomics": tuple(name for name in CLASSES["pyradiomics"] if name != "shape2D"),
    "ibsi": CLASSES["ibsi"],
}
"""Classes computed when none are named; as in pyradiomics, 2D shape has to be asked for."""

IMAGE_TYPES = (
    "Original", "LoG", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential",
    "Gradient", "LBP2D", "LBP3D", "Mean", "Laws", "Gabor", "Simoncelli",
)  # fmt: skip
"""Image types of either definition; :mod:`.filters` says which has which."""

FILTER_SETTINGS = (
    "sigma", "start_level", "level", "wavelet", "gradientUseSpacing", "lbp2DRadius",
    "lbp2DSamples", "lbp2DMethod", "lbp3DLevels", "lbp3DIcosphereRadius",
    "lbp3DIcosphereSubdivision", "boundary", "cutoff", "support", "kernel", "energy_distance",
    "rotation_invariance", "pooling", "wavelength", "gamma", "theta", "theta_step", "response",
    "subband",
)  # fmt: skip

# In the order of SimpleITK's enumeration, which a parameter file may use instead.
INTERPOLATORS = ("sitkNearestNeighbor", "sitkLinear", "sitkBSpline")
OTHER_INTERPOLATORS = (
    "sitkGaussian", "sitkLabelGaussian", "sitkHammingWindowedSinc", "sitkCosineWindowedSinc",
    "sitkWelchWindowedSinc", "sitkLanczosWindowedSinc", "sitkBlackmanWindowedSinc",
)  # fmt: skip

WEIGHTINGS = ("manhattan", "euclidean", "infinity", "no_weighting")

AGGREGATIONS = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb", "3D_avg", "3D_comb")
