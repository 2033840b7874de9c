"""pyradiomics' image types, against SimpleITK, PyWavelets, scikit-image and formulas."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from medvoxel.errors import InputError
from medvoxel.radiomics.filters.binary_patterns_2d import binary_patterns_2d
from medvoxel.radiomics.filters.binary_patterns_3d import (
    binary_pattern_3d_names,
    binary_patterns_3d,
)
from medvoxel.radiomics.filters.gradient import gradient_magnitude
from medvoxel.radiomics.filters.intensity_transforms import (
    exponential,
    logarithm,
    square,
    square_root,
)
from medvoxel.radiomics.filters.laplacian_of_gaussian import laplacian_of_gaussian
from medvoxel.radiomics.filters.wavelets import wavelet_images, wavelet_names

SPACING = (4.0, 0.8, 0.5)


@pytest.fixture
def image(rng: np.random.Generator) -> np.ndarray:
    """Whole numbers of both signs, as of CT; no axis as long as another."""
    return np.round(rng.normal(-50, 300, size=(9, 12, 11)))


def in_itk(values: np.ndarray, spacing: tuple[float, float, float], dtype: str) -> object:
    sitk = pytest.importorskip("SimpleITK")
    found = sitk.GetImageFromArray(values.astype(dtype))
    found.SetSpacing(spacing[::-1])
    return found


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), SPACING])
@pytest.mark.parametrize("sigma", [0.7, 1.0, 3.0])
def test_laplacian_of_gaussian_is_that_of_itk(
    image: np.ndarray, spacing: tuple[float, float, float], sigma: float, dtype: str
) -> None:
    sitk = pytest.importorskip("SimpleITK")
    itk = sitk.LaplacianRecursiveGaussianImageFilter()
    itk.SetNormalizeAcrossScale(True)
    itk.SetSigma(sigma)
    expected = sitk.GetArrayFromImage(itk.Execute(in_itk(image, spacing, dtype)))
    found = laplacian_of_gaussian(image, spacing, sigma)
    assert np.allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_laplacian_of_gaussian_of_a_parabola_is_its_laplacian() -> None:
    z, y, x = (np.indices((61, 61, 61)) - 30.0) * 0.5
    found = laplacian_of_gaussian(x**2 + 2 * y**2 - 0.5 * z**2, (0.5, 0.5, 0.5), 1.5)
    assert found[30, 30, 30] == pytest.approx(1.5**2 * 5, rel=2e-3)


@pytest.mark.parametrize(
    ("shape", "sigma"), [((3, 9, 9), 1.0), ((5, 9, 9), 17.0), ((20, 20, 6), 2.6)]
)
def test_an_image_too_small_for_sigma_is_an_error(
    shape: tuple[int, int, int], sigma: float
) -> None:
    with pytest.raises(InputError, match="are needed for sigma"):
        laplacian_of_gaussian(np.ones(shape), SPACING, sigma)


@pytest.mark.parametrize("use_spacing", [True, False])
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_gradient_is_that_of_itk(image: np.ndarray, use_spacing: bool, dtype: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    itk = sitk.GradientMagnitudeImageFilter()
    itk.SetUseImageSpacing(use_spacing)
    expected = sitk.GetArrayFromImage(itk.Execute(in_itk(image, SPACING, dtype)))
    assert np.allclose(gradient_magnitude(image, SPACING, use_spacing=use_spacing), expected)


def stationary(values: np.ndarray, wavelet: str, axes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """One level by PyWavelets itself."""
    pywt = pytest.importorskip("pywt")
    (found,) = pywt.swtn(values, wavelet, level=1, axes=axes)
    return {name.replace("a", "L").replace("d", "H"): band for name, band in found.items()}


@pytest.mark.parametrize("wavelet", ["coif1", "haar", "db3", "bior1.3", "sym4", "dmey"])
@pytest.mark.parametrize("plane", [None, 0, 2])
def test_wavelets_are_those_of_pywavelets(
    image: np.ndarray, wavelet: str, plane: int | None
) -> None:
    pytest.importorskip("pywt")
    axes = tuple(axis for axis in (2, 1, 0) if axis != plane)
    names = wavelet_names(2, len(axes))
    found = wavelet_images(image, wavelet=wavelet, level=2, start_level=1, plane=plane)
    images = dict(zip(names, found, strict=True))
    data = np.pad(image, [(0, 1), (0, 0), (0, 1)], mode="wrap")
    low = "L" * len(axes)
    data = stationary(data, wavelet, axes)[low]
    for prefix in ("wavelet", "wavelet2"):
        bands = stationary(data, wavelet, axes)
        data = bands.pop(low)
        for band, expected in bands.items():
            assert np.allclose(images[f"{prefix}-{band}"], expected[:9, :, :11])
    assert np.allclose(images[f"wavelet2-{low}"], data[:9, :, :11])
    assert len(images) == 2 * (2 ** len(axes) - 1) + 1


@pytest.mark.parametrize("wavelet", ["haar", "coif1", "db4"])
@pytest.mark.parametrize("corner", [(0, 0, 0), (18, 3, 21), (7, 5, 6)])
def test_wavelets_in_a_box_are_those_of_the_whole_image(
    rng: np.random.Generator, wavelet: str, corner: tuple[int, int, int]
) -> None:
    pytest.importorskip("pywt")
    whole = rng.normal(size=(25, 10, 34))
    mask = np.zeros(whole.shape, dtype=bool)
    mask[tuple(slice(c, c + 7) for c in corner)] = True
    how = {"wavelet": wavelet, "level": 2}
    for full, part in zip(
        wavelet_images(whole, **how), wavelet_images(whole, **how, mask=mask), strict=True
    ):
        assert np.allclose(part[mask], full[mask])


def test_wavelet_names_are_those_of_pyradiomics() -> None:
    assert wavelet_names(1, 3)[0] == "wavelet-LLH"
    assert wavelet_names(1, 3)[-1] == "wavelet-LLL"
    assert wavelet_names(2, 2) == (
        "wavelet-LH", "wavelet-HL", "wavelet-HH",
        "wavelet2-LH", "wavelet2-HL", "wavelet2-HH", "wavelet2-LL",
    )  # fmt: skip


def test_an_unknown_wavelet_is_an_error() -> None:
    pytest.importorskip("pywt")
    with pytest.raises(InputError, match="'db99'"):
        list(wavelet_images(np.ones((4, 4, 4)), wavelet="db99"))


def test_transforms_follow_their_formulas() -> None:
    values = np.array([[[-8.0, -1.0, 0.0, 2.0, 5.0]]])
    by_hand = {
        square: lambda x: x * x / 8,
        square_root: lambda x: math.copysign(math.sqrt(abs(x) * 8), x),
        logarithm: lambda x: math.copysign(8 * math.log1p(abs(x)) / math.log(9), x),
        exponential: lambda x: math.exp(math.log(8) / 8 * x),
    }
    for function, formula in by_hand.items():
        assert function(values).ravel() == pytest.approx([formula(x) for x in values.ravel()])


def test_transforms_of_zeros_have_values() -> None:
    zeros = np.zeros((2, 2, 2))
    for function, value in ((square, 0), (square_root, 0), (logarithm, 0), (exponential, 1)):
        assert np.all(function(zeros) == value)


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_patterns_in_slices_are_those_of_scikit_image(image: np.ndarray, plane: int) -> None:
    from skimage.feature import local_binary_pattern

    found = binary_patterns_2d(image, plane=plane)
    for index in range(image.shape[plane]):
        part = local_binary_pattern(np.take(image, index, plane).astype(int), 8, 1, "uniform")
        # Eight samples are the same ones in the transposed slice.
        assert np.array_equal(np.take(found, index, plane), part)
    default = binary_patterns_2d(image, plane=plane, samples=6, radius=2.0, method="default")
    part = image.swapaxes(0, plane)[2].astype(int)
    assert np.array_equal(default.swapaxes(0, plane)[2], local_binary_pattern(part, 6, 2.0))


def test_patterns_on_spheres_see_the_whole_sphere_where_all_is_above() -> None:
    well = np.full((7, 7, 7), 100.0)
    well[3, 3, 3] = 0
    mask = np.zeros(well.shape, dtype=bool)
    mask[3, 3, 3] = True
    images = dict(zip(binary_pattern_3d_names(2), binary_patterns_3d(well, mask), strict=True))
    assert list(images) == ["lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k"]
    # 42 samples are all above: the coefficient is 42 Y00, and its part 42 Y00² at each.
    assert images["lbp-3D-m1"][3, 3, 3] == pytest.approx(42 / (4 * math.pi) * math.sqrt(42))
    assert np.isnan(images["lbp-3D-m1"][0, 0, 0])


def test_samples_on_spheres_and_their_kurtosis(image: np.ndarray) -> None:
    from scipy.ndimage import map_coordinates
    from scipy.stats import kurtosis
    from trimesh.creation import icosphere

    mask = np.zeros(image.shape, dtype=bool)
    mask[3:6, 4:7, 2:5] = True
    rough = image + 0.25
    *_, found = binary_patterns_3d(rough, mask, radius=1.5)
    vertices = icosphere(1, 1.5).vertices
    for at in product((3, 5), (4, 6), (2, 4)):
        samples = map_coordinates(rough, (np.array(at) + vertices).T, order=3)
        assert found[at] == pytest.approx(kurtosis(samples))
