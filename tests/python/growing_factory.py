"""Seeds for tests, and what grows from them by a plain search."""

from __future__ import annotations

import heapq
import itertools

import numpy as np

from medvoxel import Segment, Segmentation

__all__ = ["dices", "dijkstra", "scattered", "seeded", "trunk_case"]


def seeded(array, grid, names=("one", "two", "three", "four", "five", "six")):
    """Seeds with a table of segments."""
    table = tuple(Segment(i + 1, name, "#112233") for i, name in enumerate(names))
    return Segmentation(array, grid, table)


def scattered(rng, shape, *, each=3, labels=3, dtype=np.uint8):
    """A few single voxels of each label."""
    seeds = np.zeros(shape, dtype)
    places = rng.choice(seeds.size, each * labels, replace=False)
    seeds.reshape(-1)[places] = np.repeat(np.arange(1, labels + 1), each)
    return seeds


def dijkstra(scan, seeds, spacing, *, locality=0.0, connectivity=26, editable=None):
    """Labels by the definition, voxel by voxel; also the distances."""
    way = np.ones(scan.shape, bool) if editable is None else editable
    steps = [
        (d, locality * float(np.linalg.norm(np.multiply(d, spacing))))
        for d in itertools.product((-1, 0, 1), repeat=3)
        if 0 < np.abs(d).sum() <= (1 if connectivity == 6 else 3)
    ]
    best = {tuple(p): (0.0, int(seeds[tuple(p)])) for p in np.argwhere((seeds > 0) & way)}
    queue = [(*key, place) for place, key in best.items()]
    heapq.heapify(queue)
    values = scan.tolist()
    while queue:
        distance, label, place = heapq.heappop(queue)
        if (distance, label) != best[place]:
            continue
        z, y, x = place
        for (dz, dy, dx), length in steps:
            there = (z + dz, y + dy, x + dx)
            if not all(0 <= i < n for i, n in zip(there, scan.shape, strict=True)):
                continue
            if not way[there]:
                continue
            change = abs(values[z][y][x] - values[there[0]][there[1]][there[2]])
            key = (distance + change + length, label)
            if key < best.get(there, (np.inf, 0)):
                best[there] = key
                heapq.heappush(queue, (*key, there))
    out = np.array(seeds)
    far = np.full(scan.shape, np.inf)
    for place, (distance, label) in best.items():
        far[place] = distance
        if out[place] == 0:
            out[place] = label
    return out, far


def trunk_case(find, margin):
    """The CT of the trunk, its five largest structures, and seeds well inside them.

    Labels of the truth and of the seeds: 1 everything else, 2 to 6 liver, spleen, stomach, a
    vertebra and a muscle of the back. `margin` is what erosion takes away in mm, from
    everything else a third more.
    """
    from medvoxel import read_dicom, read_segmentation, resample_to
    from medvoxel.segmentation.morphology import erode

    scan = read_dicom(find("ct-trunk", "dicom"))
    labels = read_segmentation(find("ct-trunk", "labels_117_classes.nii.gz"))
    # The labels lie on the same voxels, with rows the other way round.
    labels = resample_to(labels, scan.grid, method="nearest").array
    truth = np.ones(labels.shape, np.uint8)
    for label, value in enumerate((5, 1, 6, 32, 87), 2):
        truth[labels == value] = label
    seeds = np.zeros_like(truth)
    for label in range(1, 7):
        radius = margin * 4 / 3 if label == 1 else margin
        seeds[erode(truth == label, radius=radius, spacing=scan.grid.spacing)] = label
    return scan, truth, seeds


def dices(found, truth, labels):
    """Dice coefficient of each label."""
    pairs = [(found == label, truth == label) for label in labels]
    return np.array([2 * (a & b).sum() / (a.sum() + b.sum()) for a, b in pairs])
