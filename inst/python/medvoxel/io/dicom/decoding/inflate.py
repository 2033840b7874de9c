"""Inflate the data set of a deflated DICOM file."""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO

from ..elements import DamagedFileError

__all__ = ["inflate"]


def inflate(path: str, most: int) -> BinaryIO | None:
    """Inflate the data set of a deflated file, up to a size.

    Parameters
    ----------
    path : str
        The file.
    most : int
        Bytes of the data set that are given back at most: a few kilobytes can inflate to
        gigabytes.

    Returns
    -------
    file or None
        In memory, at its beginning; ``None`` when the file does not say where it starts.

    Raises
    ------
    DamagedFileError
        When the bytes cannot be inflated.
    """
    import pydicom

    try:
        meta = pydicom.filereader.read_file_meta_info(path)
    except Exception as error:  # any failure of a parser on a broken file has one meaning
        raise DamagedFileError(f"its header cannot be read ({type(error).__name__})") from error
    length = meta.get("FileMetaInformationGroupLength")
    if length is None:
        return None
    with open(path, "rb") as file:
        # Preamble and magic word, then the element that says how long the rest is.
        file.seek(128 + 4 + 12 + int(length))
        try:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(file.read(), most)
        except zlib.error as error:
            raise DamagedFileError(f"it cannot be inflated ({error})") from error
    return io.BytesIO(data)
