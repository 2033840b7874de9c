"""Write growcut.npz: what itk-growcut, the engine of Slicer, makes of a few small scans.

python make_growcut.py FOLDER

FOLDER is that of the leg CT (leg-ct-mr/ct-dicom/image of the test data). Needs itk-growcut,
SciPy and pydicom. The ties are found by SciPy's Dijkstra, so no code of medvoxel has a part
in the stored answers.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TARGET = Path(__file__).with_name("growcut.npz")
THIN = (4.0, 0.8, 0.5)
# Distances that differ by less are a tie: itk-growcut adds them in single precision.
TOLERANCE = 0.02


@dataclass(frozen=True)
class Case:
    """A scan with seeds."""

    scan: NDArray[np.int16]
    seeds: NDArray[np.uint8]
    spacing: tuple[float, float, float]
    locality: float = 0.0
    editable: NDArray[np.bool_] | None = None
    box: tuple[tuple[int, int], ...] | None = None


def cases(leg: Path) -> dict[str, Case]:
    """All cases by name."""
    random = np.random.default_rng(4)
    return {**synthetic_cases(random), "leg": _leg(leg, random)}


def synthetic_cases(random: np.random.Generator | None = None) -> dict[str, Case]:
    """Cases that need no real data."""
    random = random or np.random.default_rng(4)
    noise = random.normal(0, 400, (8, 24, 28)).astype(np.int16)
    seeds = _sprinkle(random, np.ones(noise.shape, bool), 4)
    blobs = _blobs((10, 32, 36))
    scan = (blobs * 60 + random.normal(0, 25, blobs.shape)).astype(np.int16)
    spots = sum(_sprinkle(random, blobs == k, 1) * np.uint8(k + 1) for k in range(4))
    editable = (scan > -40) & (scan < 220)
    return {
        "noise": Case(noise, seeds, (1.0, 1.0, 1.0)),
        "locality": Case(noise, seeds, THIN, locality=40.0),
        "blobs": Case(scan, spots, THIN),
        "masked": Case(scan, spots, THIN, locality=1.5, editable=editable),
    }


def _blobs(shape: tuple[int, int, int]) -> NDArray[np.int64]:
    z, y, x = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in shape)]
    out = np.zeros(shape, np.int64)
    out[z**2 + y**2 + x**2 < 0.9] = 1
    out[z**2 + 3 * (y - 0.3) ** 2 + 4 * x**2 < 0.4] = 2
    out[z**2 + 6 * (y + 0.4) ** 2 + 9 * (x - 0.2) ** 2 < 0.5] = 3
    return out


def _sprinkle(random: np.random.Generator, where: NDArray, labels: int) -> NDArray[np.uint8]:
    out = np.zeros(where.shape, np.uint8)
    places = random.choice(np.flatnonzero(where), 6 * labels, replace=False)
    out.reshape(-1)[places] = np.repeat(np.arange(1, labels + 1), 6)
    return out


def _leg(folder: Path, random: np.random.Generator) -> Case:
    import pydicom

    slices = sorted(
        (pydicom.dcmread(path) for path in folder.iterdir() if path.is_file()),
        key=lambda s: float(s.ImagePositionPatient[2]),
    )
    first = slices[0]
    values = np.stack(
        [s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices]
    )
    spacing = (
        float(slices[1].ImagePositionPatient[2]) - float(first.ImagePositionPatient[2]),
        *(float(s) for s in first.PixelSpacing),
    )
    scan = np.rint(values).astype(np.int16)
    box = tuple(
        (n // 2 - half, n // 2 + half) for n, half in zip(scan.shape, (8, 44, 44), strict=True)
    )
    scan = scan[tuple(slice(*ends) for ends in box)]
    seeds = np.zeros(scan.shape, np.uint8)
    for label, (low, high) in enumerate([(-2000, -600), (-130, -80), (30, 80), (600, 3000)], 1):
        inside = (scan > low) & (scan < high)
        if inside.sum() >= 6:
            seeds += _sprinkle(random, inside, 1) * np.uint8(label)
    return Case(scan, seeds, spacing, box=box)


def itk_labels(case: Case) -> NDArray[np.uint8]:
    """Labels by itk-growcut, which does not grow on from the border, so there is a frame."""
    import itk

    way = np.ones(case.scan.shape, bool) if case.editable is None else case.editable
    barred = np.pad((~way).astype(np.uint8), 1, constant_values=1)
    images = [
        itk.image_from_array(a) for a in (np.pad(case.scan, 1), np.pad(case.seeds, 1), barred)
    ]
    for image in images:
        image.SetSpacing([float(s) for s in case.spacing[::-1]])
    grow = itk.FastGrowCut[type(images[0]), type(images[1])].New()
    grow.SetInput(images[0])
    grow.SetSeedImage(images[1])
    grow.SetMaskImage(images[2])
    grow.SetDistancePenalty(case.locality)
    grow.Update()
    labels = itk.array_from_image(grow.GetOutput())[1:-1, 1:-1, 1:-1]
    return np.where(way, labels, case.seeds).astype(np.uint8)


def ties(case: Case) -> NDArray[np.bool_]:
    """Voxels to which seeds of two labels are equally near."""
    from scipy.sparse.csgraph import dijkstra

    graph = _graph(case)
    near = []
    for label in np.unique(case.seeds[case.seeds > 0]):
        start = np.flatnonzero(case.seeds.reshape(-1) == label)
        near.append(dijkstra(graph, indices=start, min_only=True))
    first, second = np.sort(near, axis=0)[:2]
    tied = second < first + TOLERANCE
    tied &= np.isfinite(first)
    return tied.reshape(case.scan.shape) & (case.seeds == 0)


def _graph(case: Case):  # type: ignore[no-untyped-def]
    from scipy.sparse import coo_array

    size = case.scan.size
    number = np.arange(size).reshape(case.scan.shape)
    way = np.ones(case.scan.shape, bool) if case.editable is None else case.editable
    rows, columns, costs = [], [], []
    for step in itertools.product((-1, 0, 1), repeat=3):
        if not any(step):
            continue
        here = tuple(slice(max(-d, 0), min(-d, 0) or None) for d in step)
        there = tuple(slice(max(d, 0), min(d, 0) or None) for d in step)
        both = way[here] & way[there]
        change = np.abs(case.scan[here].astype(float) - case.scan[there])
        cost = change + case.locality * np.linalg.norm(np.multiply(step, case.spacing))
        rows.append(number[here][both])
        columns.append(number[there][both])
        # A cost of 0 would be no edge in a sparse matrix.
        costs.append(np.maximum(cost[both], 1e-9))
    parts = (np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns)))
    return coo_array(parts, shape=(size, size)).tocsr()


def main() -> None:
    """Write the file."""
    stored = {}
    for name, case in cases(Path(sys.argv[1])).items():
        labels, tied = itk_labels(case), ties(case)
        stored[f"{name}_labels"] = labels
        stored[f"{name}_ties"] = np.packbits(tied)
        stored[f"{name}_seeds"] = case.seeds
        stored[f"{name}_spacing"] = np.array(case.spacing)
        stored[f"{name}_locality"] = np.array(case.locality)
        if case.editable is not None:
            stored[f"{name}_editable"] = case.editable
        if case.box is None:
            stored[f"{name}_scan"] = case.scan
        else:
            stored[f"{name}_box"] = np.array(case.box)
        share = 100 * tied.mean()
        sys.stdout.write(f"{name}: labels {np.bincount(labels.reshape(-1))}, {share:.2f} % ties\n")
    np.savez_compressed(TARGET, **stored)
    sys.stdout.write(f"{TARGET.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
