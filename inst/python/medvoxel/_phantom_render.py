"""Scan the phantom: partial volume, noise and bias, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from ._phantom_fields import Array
from ._phantom_patient import Patient, Stream, pose
from ._phantom_raster import Slab, Window, spread
from ._phantom_tissue import TISSUES, Layer, Texture, layers
from .geometry import Grid
from .progress import Progress, ProgressCallback

__all__ = ["Scanner", "render"]

_SLAB_POINTS = 6e5
_HALF_FIELD = 70.0
_CT_RANGE = (-1024, 3071)
_GRAIN = 0.35


@dataclass(frozen=True)
class Scanner:
    """How the phantom is scanned; see :func:`medvoxel.ankle_phantom`."""

    modality: str
    noise: float
    bias: float
    seed: int


def render(
    grid: Grid,
    patient: Patient,
    condition: tuple[str, str],
    scanner: Scanner,
    progress: ProgressCallback | None,
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Scan a patient.

    Parameters
    ----------
    grid : Grid
        Where the voxels lie.
    patient : Patient
        Whose ankle.
    condition : tuple of str
        Pathology and side, as for :func:`medvoxel.ankle_phantom`.
    scanner : Scanner
        Modality, noise, bias and seed.
    progress : callable, optional
        Told of each slice.

    Returns
    -------
    values : ndarray of int16, shape (z, y, x)
        Hounsfield units or stored values.
    labels : ndarray of uint8, shape (z, y, x)
        The truth at the voxels' centres.
    """
    pathology, side = condition
    values = np.empty(grid.shape, dtype=np.int16)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    texture, receiver = Texture(scanner.seed), _Receiver(grid, patient, scanner)
    steps = Progress(progress, grid.shape[0], "Building the ankle phantom")
    depth = max(int(_SLAB_POINTS / Slab.points_a_slice(grid)), 2)
    for start in range(0, grid.shape[0], depth):
        stop = min(start + depth, grid.shape[0])
        slab = Slab(grid, pose(patient, side), start, stop)
        brush = _Brush(slab, layers(slab.points, patient, pathology), texture, scanner.modality)
        for k in range(start, stop):
            values[k] = receiver.receive(brush.paint(k, labels[k]), k)
            steps.advance()
    return values, labels


@dataclass
class _Cut:
    """A layer where it meets a slice; arrays at the voxels of `place`."""

    layer: Layer
    place: tuple[slice, slice]
    depth: Array
    share: Array
    core_depth: Array | None = None
    core_share: Array | None = None
    swelling: Array | None = None


class _Brush:
    """Paints the layers of a slab into its slices."""

    def __init__(self, slab: Slab, stack: list[Layer], texture: Texture, modality: str) -> None:
        self._slab = slab
        self._texture = texture
        self._tissues = TISSUES[modality]
        self._stack = stack

    def paint(self, k: int, labels: NDArray[np.uint8]) -> Array:
        """Image of slice `k` without noise; its labels are written into `labels`."""
        image = np.full(labels.shape, self._tissues["air"].mean, dtype=np.float32)
        skin = self._cut(self._stack[0], k)
        if skin is None:
            return image
        x, y, z = (self._slab.slice_of(axis, k) for axis in self._slab.points.axes)
        grain = self._voxels(self._texture(x, y, z), 0, 0)[0]
        _label(labels, skin)
        inside = self._tissue(skin.layer.core, grain)
        for layer in self._stack[1:]:
            cut = self._cut(layer, k)
            if cut is not None:
                _label(labels, cut)
                target = inside[cut.place]
                target += cut.share * (self._value(cut, grain[cut.place]) - target)
        # The skin's shares apply to the whole voxel, so that nothing inside dilutes them.
        cover, target = np.float32(self._tissues["skin"].mean), image[skin.place]
        target += skin.share * (cover - target)
        target += skin.core_share * (inside[skin.place] - cover)
        return image

    def _cut(self, layer: Layer, k: int) -> _Cut | None:
        slab, box = self._slab, layer.part.box
        field = slab.slice_of(layer.part.field, k, box)
        window = None if field is None else _window(field, slab.points.margin)
        if field is None or window is None:
            return None
        edge = slab.edge(layer.part, k, window)
        start = (window[0].start + box[1].start, window[1].start + box[2].start)

        def at_voxels(plane: Array) -> Array:
            return self._voxels(plane, *start)[0]

        field = field[window]
        shifted = field + edge.shift
        depth, place = self._voxels(field, *start)
        cut = _Cut(layer, place, depth, _share(at_voxels(shifted * edge.sharp)))
        if layer.shell is not None:
            shell = slab.slice_of(layer.shell, k, box)[window]
            cut.core_depth = at_voxels(field + shell)
            cut.core_share = _share(at_voxels((shifted + shell) * edge.sharp))
        if layer.swelling is not None:
            cut.swelling = at_voxels(slab.slice_of(layer.swelling, k, box)[window])
        return cut

    def _value(self, cut: _Cut, grain: Array) -> Array:
        """Mix the values of a structure itself: shell and core in their shares."""
        value = self._tissue(cut.layer.tissue, grain)
        if cut.swelling is not None:
            value += cut.swelling * (self._tissue("degenerate", grain) - value)
        if cut.core_share is not None:
            part = cut.core_share / np.maximum(cut.share, np.float32(1e-6))
            value += np.minimum(part, np.float32(1)) * (self._tissue(cut.layer.core, grain) - value)
        return value

    def _tissue(self, name: str, grain: Array) -> Array:
        tissue = self._tissues[name]
        return np.float32(tissue.mean) + np.float32(tissue.texture) * grain

    def _voxels(self, plane: Array, row: int, column: int) -> tuple[Array, tuple[slice, slice]]:
        """Values at the voxels that a piece of the raster's plane covers, and their place."""
        _, down, across = self._slab.axes
        rows, voxel_rows = down.spans(row, row + plane.shape[0])
        columns, voxel_columns = across.spans(column, column + plane.shape[1])
        out = spread(spread(plane[rows, columns], down, 0), across, 1)
        place = (voxel_rows, voxel_columns)
        return out[tuple(slice(p.stop - p.start) for p in place)], place


class _Receiver:
    """Adds what the scanner adds: bias, noise and the range of stored values."""

    def __init__(self, grid: Grid, patient: Patient, scanner: Scanner) -> None:
        self._grid = grid
        self._scanner = scanner
        self._streams = [Stream(scanner.seed, 3), Stream(scanner.seed, 4)]
        weights = np.asarray(patient.bias)
        self._weights = weights / np.abs(weights).sum()
        self._blurs = [_blur_count(s) for s in grid.spacing[1:]]

    def receive(self, image: Array, k: int) -> Array:
        """Slice `k` as the scanner stores it, rounded."""
        ct = self._scanner.modality == "CT"
        if self._scanner.bias:
            air = np.float32(-1000 if ct else 0)
            image = (image - air) * self._field(k) + air
        if self._scanner.noise:
            image = image + self._noise(0)
            if not ct:
                other = self._noise(1)
                image = np.sqrt(image * image + other * other)
        low, high = _CT_RANGE if ct else (0, 32767)
        return np.clip(np.rint(image), low, high)

    def _field(self, k: int) -> Array:
        """Multiplicative bias of slice `k`: a polynomial of second degree in LPS."""
        grid = self._grid
        j = np.arange(grid.shape[1])[:, None]
        i = np.arange(grid.shape[2])
        steps = grid.direction * np.asarray(grid.spacing[::-1])
        x, y, z = (
            np.clip((o + s[2] * k + s[1] * j + s[0] * i) / _HALF_FIELD, -1, 1)
            for o, s in zip(grid.origin, steps, strict=True)
        )
        a, b, c, d, e, f = self._weights.tolist()
        bend = a * x + b * y + c * z + d * x * x + e * y * y + f * z * z
        return (1 + self._scanner.bias * bend).astype(np.float32)

    def _noise(self, channel: int) -> Array:
        """Noise of one slice, with grains of about a millimetre."""
        noise = self._streams[channel].normal(self._grid.shape[1:])
        for axis, count in enumerate(self._blurs):
            for _ in range(count):
                noise = _binomial(noise, axis)
            # Smoothing by binomial weights leaves this part of the standard deviation.
            noise *= np.float32(1 / np.sqrt(comb(4 * count, 2 * count) / 16**count))
        noise *= np.float32(self._scanner.noise)
        return noise


def _blur_count(spacing: float) -> int:
    """Count the smoothings by (1, 2, 1) that make grains of a fixed size in mm."""
    return min(round(2 * (_GRAIN / spacing) ** 2), 12)


def _binomial(noise: Array, axis: int) -> Array:
    """Smooth by (1, 2, 1), up to a factor of 4, as on a ring: the edges keep their variance."""
    total = noise + np.roll(noise, 1, axis)
    total = total + np.roll(total, -1, axis)
    total *= np.float32(0.25)
    return total


def _label(labels: NDArray[np.uint8], cut: _Cut) -> None:
    target = labels[cut.place]
    target[cut.depth < 0] = cut.layer.label
    if cut.core_depth is not None:
        target[cut.core_depth < 0] = cut.layer.core_label


def _share(ratio: Array) -> Array:
    """Share of the voxel inside: a cubic ramp."""
    share = np.clip(np.float32(0.5) - ratio, 0, 1)
    share *= share * (np.float32(3) - np.float32(2) * share)
    return share


def _window(field: Array, margin: float) -> Window | None:
    """Rows and columns within `margin` mm of a structure, and one more at each side."""
    near = field < np.float32(margin)
    found = [np.flatnonzero(near.any(axis=axis)) for axis in (1, 0)]
    if not found[0].size:
        return None
    rows, columns = (
        slice(max(int(f[0]) - 1, 0), min(int(f[-1]) + 2, n))
        for f, n in zip(found, field.shape, strict=True)
    )
    return rows, columns
