"""The distances of a grown box, which more seeds can only shorten."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import MemoryLimitError
from ..progress import Progress, ProgressCallback
from ._grow_units import Units
from ._grow_words import (
    CHUNK,
    DIRECTION_SHIFT,
    FAR_KEY,
    KEY_SHIFT,
    LABEL_BITS,
    NO_DIRECTION,
    WAITING,
    neighbour_steps,
)

__all__ = ["GrowState", "Problem", "Seeds"]

Box = tuple[slice, slice, slice]

_MOST_VOXELS = 2**30  # places are 32-bit numbers
_SLAB = 16
_SPARE = 64 * CHUNK  # chunks beside those for half of the voxels
_BUDGET = 500_000  # voxels between two reports
_LABEL_MASK = (1 << LABEL_BITS) - 1
_VALUE_MASK = (1 << DIRECTION_SHIFT) - 1
_NOWHERE = NO_DIRECTION << DIRECTION_SHIFT


@dataclass(frozen=True)
class Seeds:
    """Places in the flat array of the scan, ascending, and the label (1, 2 ...) of each."""

    places: NDArray[np.int64]
    labels: NDArray[np.int16]

    def array(
        self, shape: Sequence[int], values: Sequence[int], dtype: np.dtype[np.integer]
    ) -> NDArray[np.integer]:
        """Lay the seeds into an array of segment values.

        Parameters
        ----------
        shape : sequence of int
            Shape of the scan, (z, y, x).
        values : sequence of int
            The segment value of each label.
        dtype : dtype
            Type of the array.

        Returns
        -------
        ndarray of int, shape (z, y, x)
            0 where there is no seed.
        """
        out = np.zeros(shape, dtype)
        out.reshape(-1)[self.places] = np.array(values, dtype)[self.labels - 1]
        return out


@dataclass(frozen=True, eq=False)
class Problem:
    """All that decides how seeds grow, but for the seeds and the box.

    Parameters
    ----------
    scan : ndarray, shape (z, y, x)
        Grey values.
    editable : ndarray of bool or None, shape (z, y, x)
        Where labels may grow.
    spacing : tuple of float
        Voxel spacing in mm, (z, y, x).
    units : Units
        How grey values and mm become whole numbers.
    connectivity : {6, 26}
        Neighbours of a voxel.
    values : tuple of int
        The segment value of each label, ascending.
    """

    scan: NDArray[np.number]
    editable: NDArray[np.bool_] | None
    spacing: tuple[float, float, float]
    units: Units
    connectivity: int
    values: tuple[int, ...]

    @property
    def settings(self) -> tuple[object, ...]:
        """What must not change between two runs, but for the voxels themselves."""
        shape = self.scan.shape
        return shape, self.spacing, self.units, self.connectivity, self.values

    def words(self, box: Box) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
        """Levels of a box, and where there is a way: editable, and a number at all."""
        part = self.scan[box]
        way = np.ones(part.shape, bool) if part.dtype.kind in "iu" else np.isfinite(part)
        if self.editable is not None:
            way &= self.editable[box]
        return self.units.to_levels(part), way


class GrowState:
    """A box in which labels have grown, to which seeds can be added.

    Distances are those of the nearest seed, ties go to the lower label. Such a key can only
    fall when there are more seeds or a larger box, so the old keys are where the new ones
    start from, and the result is that of a fresh run.

    Parameters
    ----------
    problem : Problem
        The scan and the settings.
    box : tuple of slice
        Where labels may grow.

    Raises
    ------
    MemoryLimitError
        When the box is too large for 32-bit places.
    """

    def __init__(self, problem: Problem, box: Box) -> None:
        padded = [s.stop - s.start + 2 for s in box]
        if math.prod(padded) > _MOST_VOXELS:
            raise MemoryLimitError(
                f"Seeds cannot grow in {math.prod(padded) / 1e6:.0f} million voxels.",
                hint="Give a smaller margin, or resample() the scan to larger voxels.",
            )
        self.box = box
        self.settings = problem.settings
        self.seeds = Seeds(np.zeros(0, np.int64), np.zeros(0, np.int16))
        # The shortest axis innermost: neighbours are then nearest in memory.
        order = sorted(range(3), key=lambda axis: -padded[axis])
        self._flat = np.zeros(math.prod(padded), np.int64)
        view = self._flat.reshape([padded[axis] for axis in order])
        self._padded = view.transpose(np.argsort(order))
        self._words = self._padded[1:-1, 1:-1, 1:-1]
        self._sources: list[NDArray[np.int32]] = []
        self._slab_axis = order[0]
        for part in self._slabs():
            levels, way = problem.words(_within(box, part))
            self._words[part] = levels
            self._words[part] |= np.where(way, FAR_KEY << KEY_SHIFT, 0)

    def _slabs(self) -> Iterator[Box]:
        size = self._words.shape[self._slab_axis]
        for first in range(0, size, _SLAB):
            part = [slice(0, n) for n in self._words.shape]
            part[self._slab_axis] = slice(first, min(first + _SLAB, size))
            yield part[0], part[1], part[2]

    @property
    def _strides(self) -> NDArray[np.int64]:
        return np.array(self._padded.strides) // self._flat.itemsize

    def new_seeds(self, problem: Problem, seeds: Seeds, box: Box) -> Seeds | None:
        """Find the seeds that this state has not grown yet.

        Parameters
        ----------
        problem : Problem
            The scan and the settings.
        seeds : Seeds
            All seeds.
        box : tuple of slice
            Where labels may grow.

        Returns
        -------
        Seeds or None
            ``None`` when the state cannot go on: a seed is gone or has another label, the
            box is not a larger one, or the voxels or settings are others.
        """
        pairs = zip(box, self.box, strict=True)
        inside = all(a.start <= b.start and b.stop <= a.stop for a, b in pairs)
        old = self.seeds
        if problem.settings != self.settings or not inside or len(old.places) > len(seeds.places):
            return None
        at = np.minimum(np.searchsorted(seeds.places, old.places), len(seeds.places) - 1)
        kept = (seeds.places[at] == old.places) & (seeds.labels[at] == old.labels)
        if not kept.all() or not self._same_voxels(problem):
            return None
        added = np.ones(len(seeds.places), bool)
        added[at] = False
        return Seeds(seeds.places[added], seeds.labels[added])

    def _same_voxels(self, problem: Problem) -> bool:
        for part in self._slabs():
            levels, way = problem.words(_within(self.box, part))
            words = self._words[part]
            if not np.array_equal(words & _VALUE_MASK, levels):
                return False
            if not np.array_equal(words >> KEY_SHIFT != 0, way):
                return False
        return True

    def enlarged(self, problem: Problem, box: Box) -> GrowState:
        """Lay this state into a larger box, whose new part is still to be grown.

        Parameters
        ----------
        problem : Problem
            The scan and the settings.
        box : tuple of slice
            The new box; holds the old one.

        Returns
        -------
        GrowState
            The old border waits to grow outwards.
        """
        new = GrowState(problem, box)
        inner = tuple(
            slice(a.start - b.start, a.stop - b.start) for a, b in zip(self.box, box, strict=True)
        )
        new._words[inner] = self._words
        new.seeds = self.seeds
        border = np.zeros(self._words.shape, bool)
        for axis in range(3):
            for end in (0, -1):
                border[(slice(None),) * axis + (end,)] = True
        border &= (self._words >> KEY_SHIFT != FAR_KEY) & (self._words >> KEY_SHIFT != 0)
        corner = [s.start + 1 for s in inner]
        places = ((np.argwhere(border) + corner) @ new._strides).astype(np.int32)
        words = new._flat[places]
        # They have not been to the new neighbours, so every step is open to them again.
        new._flat[places] = (words >> KEY_SHIFT << KEY_SHIFT) | (words & _VALUE_MASK)
        new._flat[places] |= WAITING | _NOWHERE
        new._sources.append(places[np.argsort(words, kind="stable")])
        return new

    def add(self, seeds: Seeds) -> None:
        """Put seeds into the queue.

        Parameters
        ----------
        seeds : Seeds
            New seeds, none of which this state has.
        """
        start = np.array([s.start for s in self.box]) - 1
        shape = self.settings[0]
        waiting = []
        for first in range(0, len(seeds.places), 2**20):
            part = slice(first, first + 2**20)
            index = np.unravel_index(seeds.places[part], shape)
            places = (np.stack(index, axis=1) - start) @ self._strides
            words = self._flat[places]
            keys = seeds.labels[part].astype(np.int64)
            # A lower label may be at no distance already: this seed then adds nothing.
            nearer = keys < words >> KEY_SHIFT
            places, words, keys = places[nearer], words[nearer], keys[nearer]
            self._flat[places] = (keys << KEY_SHIFT) | WAITING | _NOWHERE | (words & _VALUE_MASK)
            waiting.append(places.astype(np.int32))
        self._sources[:0] = [np.sort(np.concatenate(waiting))] if waiting else []
        places = np.concatenate([self.seeds.places, seeds.places])
        order = np.argsort(places, kind="stable")
        labels = np.concatenate([self.seeds.labels, seeds.labels])
        self.seeds = Seeds(places[order], labels[order])

    def run(self, problem: Problem, progress: ProgressCallback | None) -> None:
        """Grow until nothing changes.

        Parameters
        ----------
        problem : Problem
            The scan and the settings.
        progress : callable or None
            Told the part of the box that is done.

        Raises
        ------
        Cancelled
            When `progress` returned ``False``; the state is then of no more use.
        """
        from ._grow_kernel import run

        units = problem.units
        spacing = problem.spacing
        steps = neighbour_steps(problem.connectivity, self._strides, spacing, units.per_mm)
        buckets, shift = units.buckets(int(steps.weights.max()))
        tails = np.zeros(buckets, np.int32)
        chunks = self._flat.size // (2 * CHUNK) + _SPARE
        links, items = np.zeros(chunks, np.int32), np.empty(chunks * CHUNK, np.int32)
        queue = np.array([0, 0, 0, 1, 0, 0], np.int64)
        sources = np.concatenate([np.zeros(0, np.int32), *self._sources])
        self._sources = []
        report = Progress(progress, self._words.size, "Growing from seeds")
        answer, done = 1, 0
        while answer != 0:
            answer = run(
                self._flat, *steps, units.scale, shift, sources, tails, links, items, queue, _BUDGET
            )
            if answer == 2:
                chunks = chunks * 3 // 2
                links, items = _longer(links, chunks), _longer(items, chunks * CHUNK)
            report.advance(int(queue[-1]) - done)
            done = int(queue[-1])

    def write(self, out: NDArray[np.integer], values: tuple[int, ...]) -> None:
        """Write the grown labels into the voxels that have none.

        Parameters
        ----------
        out : ndarray of int, shape (z, y, x)
            The seeds on the grid of the scan; is changed.
        values : tuple of int
            The segment value of each label.
        """
        table = np.zeros(_LABEL_MASK + 1, out.dtype)
        table[1 : len(values) + 1] = values
        inner = out[self.box]
        for part in self._slabs():
            labels = (self._words[part] >> KEY_SHIFT) & _LABEL_MASK
            target = inner[part]
            np.copyto(target, table[labels], where=target == 0)


def _within(box: Box, part: Box) -> Box:
    a, b, c = (
        slice(outer.start + s.start, outer.start + s.stop)
        for outer, s in zip(box, part, strict=True)
    )
    return a, b, c


def _longer(array: NDArray[np.int32], length: int) -> NDArray[np.int32]:
    out = np.empty(length, np.int32)
    out[: len(array)] = array
    return out
