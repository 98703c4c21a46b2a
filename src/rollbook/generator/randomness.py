"""Give every part of the state its own stream of random numbers."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def stream(seed: int, name: str, *keys: int) -> np.random.Generator:
    """Start the random stream of one named part.

    Shape: the stream depends only on the arguments, so parts may be made in any order and on any
           number of threads, and adding a part does not change the others.
    """
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode()), *keys]))
    )


def chance(random: np.random.Generator, probability: Floats | float, count: int) -> Bools:
    """Toss `count` coins, each with its own probability or all with one."""
    return np.asarray(random.random(count) < probability)
