"""Settings of a radiomics extraction, with pyradiomics' names and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from ..errors import InputError
from . import _settings_checks as checks
from ._known_names import CLASSES, DEFAULT_CLASSES

__all__ = ["RadiomicsSettings", "checked_settings"]


@dataclass(frozen=True)
class RadiomicsSettings:
    """How radiomics features are computed.

    The names are those of pyradiomics in snake case, and so are the defaults. Two things
    differ on purpose: `label` is None (every segment), and spacings are (z, y, x) as
    everywhere in this package; a parameter file has them as (x, y, z).

    Parameters
    ----------
    definition : {"pyradiomics", "ibsi"}
        Whose definitions are followed, for the preparation as for the features.
    feature_classes : mapping of str to sequence of str, or sequence of str, optional
        Classes to compute, each with the names of its features; an empty sequence means
        all. By default all of the definition, without pyradiomics' ``shape2D``.
    image_types : mapping of str to mapping, or sequence of str
        Images to compute them on, each with settings of its own, which may be of the filter
        or of the features (such as another ``bin_width``). pyradiomics: ``"Original"``,
        ``"LoG"``, ``"Wavelet"``, ``"Square"``, ``"SquareRoot"``, ``"Logarithm"``,
        ``"Exponential"``, ``"Gradient"``, ``"LBP2D"``, ``"LBP3D"``. IBSI: ``"Original"``,
        ``"Mean"``, ``"LoG"``, ``"Laws"``, ``"Gabor"``, ``"Wavelet"``, ``"Simoncelli"``.
    filters : mapping
        Settings of the filters under pyradiomics' names (``"sigma"``, ``"wavelet"`` ...)
        that hold for every image type.
    label : int, str or sequence of them, optional
        Values or names of the segments. None stands for all.
    normalize : bool
        Bring the whole scan to mean 0 and standard deviation `normalize_scale` first.
    normalize_scale : float
        The standard deviation after normalising.
    remove_outliers : float, optional
        Values farther from the mean than this number of standard deviations are set to
        that distance, when normalising.
    resampled_pixel_spacing : float or sequence of three floats, optional
        New spacing in mm, (z, y, x); 0 keeps that of the axis. None: no resampling.
    interpolator : {"sitkBSpline", "sitkLinear", "sitkNearestNeighbor"} or None
        Interpolation of grey values. None: no resampling.
    pad_distance : int
        New voxels kept around the segment for filters.
    pre_crop : bool
        Crop to the segment and its padding before filters, where nothing is resampled.
    geometry_tolerance : float, optional
        Farthest displacement of a voxel between scan and segmentation, as a part of the
        smallest spacing; at most 0.5. By default 0.01.
    correct_mask : bool
        Bring a segmentation that lies on another grid to the scan's, by nearest voxel,
        instead of an error.
    minimum_roi_dimensions : int
        Along so many axes (1 to 3) a segment must be longer than one voxel.
    minimum_roi_size : int, optional
        A segment must have more voxels than this.
    resegment_range : sequence of one or two floats, optional
        Only voxels from the first to the second value, both included, count.
    resegment_mode : {"absolute", "relative", "sigma"}
        Whether the range is one of grey values, of parts of the segment's maximum, or of
        standard deviations from the segment's mean.
    resegment_shape : bool
        Whether the range also changes the shape.
    bin_width : float
        Width of a grey-level bin.
    bin_count : int, optional
        Number of bins instead; wins over `bin_width`.
    force2d : bool
        Compute textures within slices only.
    force2d_dimension : {0, 1, 2}
        The array axis (z, y, x) across which slices lie.
    distances : sequence of int
        Distances in voxels of neighbours (GLCM, GLDM, NGTDM).
    weighting_norm : {"manhattan", "euclidean", "infinity", "no_weighting"}, optional
        How directions are weighted (GLCM, GLRLM). None: features are averaged.
    symmetrical_glcm : bool
        Count each pair of neighbours in both directions.
    gldm_a : float
        Largest difference of grey levels of dependent voxels.
    voxel_array_shift : float
        Added to grey values in Energy, TotalEnergy and RootMeanSquared.
    kernel_radius : int
        Radius in voxels of the window of feature maps.
    masked_kernel : bool
        Whether the window of feature maps is cut at the segment's edge.
    init_value : float
        Value of feature maps outside the segment.
    resegment_outliers : float, optional
        IBSI: only voxels within this number of standard deviations of the segment's mean
        count; the standard has 3.
    round_intensities : bool, optional
        IBSI: round grey values after interpolation. By default where the unit is HU.
    mask_interpolator : {"linear", "nearest"}
        IBSI: how the mask is brought to the new grid.
    mask_threshold : float
        IBSI: from this part on, a new voxel belongs to the segment.
    ivh_bin_width : float, optional
        IBSI: bin width of the intensity-volume histogram. By default grey values are used
        as they are.
    ivh_bin_count : int, optional
        IBSI: number of its bins instead, from minimum to maximum.
    aggregation : sequence of str
        IBSI: how directions and slices are merged, of ``"2D_avg"``, ``"2D_comb"``,
        ``"2_5D_avg"``, ``"2_5D_comb"``, ``"3D_avg"``, ``"3D_comb"``. Classes without
        directions use the part before the last underscore.

    Raises
    ------
    InputError
        When a setting has none of these values; the message names it.

    References
    ----------
    pyradiomics documentation, "Customizing the extraction". IBSI reference manual,
    sections 2.2 to 2.7.
    """

    definition: str = "pyradiomics"
    feature_classes: Mapping[str, tuple[str, ...]] = field(default=None)  # type: ignore[assignment]
    image_types: Mapping[str, Mapping[str, Any]] = field(default=("Original",))  # type: ignore[assignment]
    filters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    label: tuple[int | str, ...] | None = None
    normalize: bool = False
    normalize_scale: float = 1.0
    remove_outliers: float | None = None
    resampled_pixel_spacing: tuple[float, float, float] | None = None
    interpolator: str | None = "sitkBSpline"
    pad_distance: int = 5
    pre_crop: bool = False
    geometry_tolerance: float | None = None
    correct_mask: bool = False
    minimum_roi_dimensions: int = 2
    minimum_roi_size: int | None = None
    resegment_range: tuple[float, ...] | None = None
    resegment_mode: str = "absolute"
    resegment_shape: bool = False
    bin_width: float = 25.0
    bin_count: int | None = None
    force2d: bool = False
    force2d_dimension: int = 0
    distances: tuple[int, ...] = (1,)
    weighting_norm: str | None = None
    symmetrical_glcm: bool = True
    gldm_a: float = 0.0
    voxel_array_shift: float = 0.0
    kernel_radius: int = 1
    masked_kernel: bool = True
    init_value: float = 0.0
    resegment_outliers: float | None = None
    round_intensities: bool | None = None
    mask_interpolator: str = "linear"
    mask_threshold: float = 0.5
    ivh_bin_width: float | None = None
    ivh_bin_count: int | None = None
    aggregation: tuple[str, ...] = ("3D_avg", "3D_comb")

    def __post_init__(self) -> None:
        checks.one_of("definition", self.definition, tuple(CLASSES))
        classes = self.feature_classes
        if classes is None:
            classes = DEFAULT_CLASSES[self.definition]
        self._set("feature_classes", checks.feature_classes(classes, self.definition))
        self._set("image_types", checks.image_types(self.image_types))
        for name, check in checks.CHECKS.items():
            self._set(name, check(name, getattr(self, name)))
        self._check_together()
        if any(name != "Original" or own for name, own in self.image_types.items()):
            from .filters import check_filters

            check_filters(self)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check_together(self) -> None:
        if self.ivh_bin_width is not None and self.ivh_bin_count is not None:
            raise InputError("Set ivh_bin_width or ivh_bin_count, not both.")
        if self.definition == "ibsi":
            return
        for name in ("resegment_outliers", "round_intensities"):
            if getattr(self, name) is not None:
                raise InputError(
                    f'{name} is a setting of definition = "ibsi" only.',
                    hint='Set definition = "ibsi", or leave it out.',
                )

    @property
    def plane(self) -> int | None:
        """The axis across which slices lie when textures stay within slices, else None."""
        return self.force2d_dimension if self.force2d else None

    @property
    def resamples(self) -> bool:
        """Whether scan and mask are brought to another spacing."""
        return self.resampled_pixel_spacing is not None and self.interpolator is not None

    def but(self, **changes: Any) -> RadiomicsSettings:
        """Return the same settings with some changed.

        Parameters
        ----------
        **changes
            Settings and their new values.

        Returns
        -------
        RadiomicsSettings
            Checked as new ones are.

        Raises
        ------
        InputError
            When there is no setting of such a name.
        """
        checks.known_settings(changes, [f.name for f in fields(self)])
        if changes.get("definition", self.definition) != self.definition:
            # The classes of one definition are not those of the other.
            changes.setdefault("feature_classes", None)
        return replace(self, **changes)

    @classmethod
    def of(cls, **settings: Any) -> RadiomicsSettings:
        """Make settings from names and values, with an error that lists similar names.

        Parameters
        ----------
        **settings
            Settings and their values.

        Returns
        -------
        RadiomicsSettings
            The settings.

        Raises
        ------
        InputError
            When there is no setting of such a name.
        """
        checks.known_settings(settings, [f.name for f in fields(cls)])
        return cls(**settings)


def checked_settings(settings: RadiomicsSettings | Mapping[str, Any]) -> RadiomicsSettings:
    """Make settings from a mapping of their names.

    Parameters
    ----------
    settings : RadiomicsSettings or mapping
        Settings and their values.

    Returns
    -------
    RadiomicsSettings
        Complete with all defaults.

    Raises
    ------
    InputError
        When there is no setting of such a name, or it cannot have such a value.
    """
    if isinstance(settings, RadiomicsSettings):
        return settings
    return RadiomicsSettings.of(**settings)
