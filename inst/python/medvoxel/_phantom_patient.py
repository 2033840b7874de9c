"""What differs between the phantom's patients, and the random numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._phantom_shapes import rotation

__all__ = ["Patient", "Stream", "draw_patient", "pose"]


class Stream:
    """Random numbers made of the raw words of PCG64.

    NumPy keeps the words of a bit generator for ever, but not the numbers that its
    ``Generator`` makes of them; so the few that are needed here are made by hand.

    Parameters
    ----------
    seed, purpose : int
        Streams of different purpose are independent.
    """

    def __init__(self, seed: int, purpose: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence((seed, purpose)))

    def uniform(self, low: float, high: float) -> float:
        """One number between `low` and `high`."""
        return low + (high - low) * ((int(self._bits.random_raw()) >> 11) * 2.0**-53)

    def normal(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Numbers of mean 0 and variance 1, close to normal: sums of eight random bytes.

        Parameters
        ----------
        shape : tuple of int
            How many.

        Returns
        -------
        ndarray of float32
            The kurtosis is 2.85 instead of 3.
        """
        words = self._bits.random_raw(int(np.prod(shape)))
        mask = np.uint64(0x00FF00FF00FF00FF)
        pairs = (words & mask) + ((words >> np.uint64(8)) & mask)
        pairs += pairs >> np.uint64(32)
        pairs += pairs >> np.uint64(16)
        pairs &= np.uint64(0xFFFF)
        values = pairs.astype(np.float32).reshape(shape)
        values -= np.float32(8 * 127.5)
        values *= np.float32(1 / np.sqrt(8 * (256**2 - 1) / 12))
        return values


@dataclass(frozen=True)
class Patient:
    """Size, pose and tendon of one patient; lengths in mm."""

    scale: float
    tilt: tuple[float, float, float]
    shift: tuple[float, float, float]
    fat: float
    tendon_width: float
    tendon_depth: float
    swelling: float
    swelling_height: float
    gap_height: float
    gap_length: float
    bias: tuple[float, ...]


def draw_patient(seed: int) -> Patient:
    """Draw a patient; pathology does not change the rest of the body.

    Parameters
    ----------
    seed : int
        Which patient.

    Returns
    -------
    Patient
        Within a few per cent of the template.
    """
    stream = Stream(seed, 1)
    return Patient(
        scale=stream.uniform(0.97, 1.03),
        tilt=tuple(stream.uniform(-0.03, 0.03) for _ in range(3)),
        shift=tuple(stream.uniform(-2, 2) for _ in range(3)),
        fat=stream.uniform(0.0, 1.5),
        tendon_width=stream.uniform(0.93, 1.07),
        tendon_depth=stream.uniform(0.92, 1.06),
        swelling=stream.uniform(0.85, 1.25),
        swelling_height=stream.uniform(18, 26),
        gap_height=stream.uniform(20, 30),
        gap_length=stream.uniform(15, 22),
        bias=tuple(stream.uniform(-1, 1) for _ in range(6)),
    )


def pose(patient: Patient, side: str) -> NDArray[np.float64]:
    """Matrix (3, 4) from LPS mm to the anatomy of the template, a left ankle.

    Parameters
    ----------
    patient : Patient
        The patient.
    side : {"left", "right"}
        Which ankle.

    Returns
    -------
    ndarray, shape (3, 4)
        Turns, scales, and mirrors for the right side.
    """
    matrix = rotation(patient.tilt) / patient.scale
    if side == "right":
        matrix = matrix * np.array([-1.0, 1.0, 1.0])
    return np.column_stack([matrix, patient.shift])
