"""Shortest paths from many seeds by a bucket queue, compiled with numba.

The walls (border and masked voxels) have key 0, which nothing can improve.
"""

from __future__ import annotations

import numba

from ._grow_words import CHUNK, DIRECTION_SHIFT, FARTHEST, KEY_SHIFT, LABEL_BITS, WAITING

__all__ = ["run"]

_LABEL_MASK = (1 << LABEL_BITS) - 1
_VALUE_MASK = (1 << DIRECTION_SHIFT) - 1
_DIRECTION_MASK = 31

# What `state` holds between two calls.
_BUCKET, _LIVE, _FREE, _TOP, _NEXT_SOURCE, _POPPED = range(6)


def _compiled(function):  # type: ignore[no-untyped-def]
    """Compile at the first call, and keep the code on disk where a folder is writable."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


@_compiled
def run(  # type: ignore[no-untyped-def]
    words, starts, offsets, weights, codes, scale, shift, sources, tails, links, items,
    state, budget,
):  # fmt: skip
    """Take voxels from the queue until it is empty, `budget` is spent or room is short.

    A bucket is a chain of chunks of `items`, all full but the last: `tails` has the place
    after the bucket's last entry (0: empty), `links` the tail before a chunk was begun.
    `sources` come in the order of their distances. An entry is not taken out when its voxel
    gets nearer; the bit for waiting tells that it has been dealt with. Within a bucket a
    voxel may be taken twice, until nothing improves: the result does not hang on the order.

    Returns 0 when all is done, 1 when the budget is spent, 2 when `items` is too small.
    """
    ring = len(tails) - 1
    room = 27 * CHUNK
    bucket, live, free, top, next_source, popped = state
    stop = popped + budget
    answer = 0
    while True:
        if popped >= stop:
            answer = 1
            break
        if len(links) - top < room:
            answer = 2
            break
        due = next_source < len(sources)
        if due:
            wanted = (words[sources[next_source]] >> (KEY_SHIFT + LABEL_BITS)) >> shift
            if live == 0:
                bucket = max(bucket, wanted)
            due = wanted <= bucket
        if due:
            chunk = 0  # which belongs to no bucket
            count = min(CHUNK, len(sources) - next_source)
            for i in range(count):
                items[i] = sources[next_source + i]
            next_source += count
        else:
            if live == 0:
                break
            tail = tails[bucket & ring]
            if tail == 0:
                bucket += 1
                continue
            chunk = (tail - 1) // CHUNK
            count = tail - chunk * CHUNK
            tails[bucket & ring] = links[chunk]
        first = chunk * CHUNK
        for i in range(first, first + count):
            index = items[i]
            word = words[index]
            if not word & WAITING:
                continue  # an older entry: the voxel has been nearer since
            words[index] = word ^ WAITING
            popped += 1
            key = word >> KEY_SHIFT
            distance = key >> LABEL_BITS
            label = key & _LABEL_MASK
            value = word & _VALUE_MASK
            direction = (word >> DIRECTION_SHIFT) & _DIRECTION_MASK
            for k in range(starts[direction], starts[direction + 1]):
                there = index + offsets[k]
                other = words[there]
                other_key = other >> KEY_SHIFT
                if other_key <= key:
                    continue
                other_value = other & _VALUE_MASK
                farther = min(distance + abs(value - other_value) * scale + weights[k], FARTHEST)
                new_key = (farther << LABEL_BITS) | label
                if new_key >= other_key:
                    continue
                words[there] = (new_key << KEY_SHIFT) | WAITING | codes[k] | other_value
                if other & WAITING and other_key >> LABEL_BITS == farther:
                    continue
                slot = (farther >> shift) & ring
                tail = tails[slot]
                if tail % CHUNK == 0:  # no chunk yet, or a full one
                    fresh = free
                    if fresh > 0:
                        free = links[fresh]
                    else:
                        fresh = top
                        top += 1
                    links[fresh] = tail
                    tail = fresh * CHUNK
                    live += 1
                items[tail] = there
                tails[slot] = tail + 1
        if chunk > 0:
            links[chunk] = free
            free = chunk
            live -= 1
    state[0], state[1], state[2], state[3] = bucket, live, free, top
    state[4], state[5] = next_source, popped
    return answer
