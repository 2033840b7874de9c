"""Pseudonyms, UIDs and date shifts that only the holder of a key can lead back."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import re
import secrets
import uuid

__all__ = ["Key", "shifted"]

# The root of everything that the standard itself names.
_STANDARD = "1.2.840.10008."
_DATE = re.compile(r"(\d{4})[.:-]?(\d\d)[.:-]?(\d\d)")
_TIME = re.compile(r"\d{2}(:?\d{2}(:?\d{2}(\.\d{1,6})?)?)?")
# About ten years: long enough to hide the year, short enough for any calendar.
_LONGEST_SHIFT = 3652


class Key:
    """Replace what identifies, the same way for the same value.

    Parameters
    ----------
    secret : str, optional
        What the replacements are derived from; without, a random one that is forgotten.

    Notes
    -----
    Replacements are keyed hashes (HMAC-SHA256), so that they agree without a table that
    could be lost or stolen. A secret is stretched first, against guessing.
    """

    def __init__(self, secret: str | None = None) -> None:
        if secret is None:
            self._key = secrets.token_bytes(32)
        else:
            self._key = hashlib.pbkdf2_hmac("sha256", secret.encode(), b"medvoxel", 200_000)

    def _hash(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{value}".encode(), "sha256")

    def uid(self, uid: str) -> str:
        """Replace a UID.

        Parameters
        ----------
        uid : str
            Any; what the standard itself names stays, and so does an empty one.

        Returns
        -------
        str
            Derived from a UUID, as PS3.5 B.2 has it.
        """
        uid = uid.strip(" \0")
        if not uid or uid.startswith(_STANDARD):
            return uid
        return f"2.25.{uuid.UUID(bytes=self._hash('uid', uid)[:16], version=4).int}"

    def pseudonym(self, patient: str) -> str:
        """Name a patient.

        Parameters
        ----------
        patient : str
            What tells patients apart.

        Returns
        -------
        str
            A P and ten letters and digits, one word of ASCII.
        """
        return "P" + base64.b32encode(self._hash("patient", patient))[:10].decode()

    def name(self, patient: str, name: str) -> str:
        """Replace the name of a patient, so that two names stay two.

        Parameters
        ----------
        patient : str
            What tells patients apart.
        name : str
            The name as it stands in the file.

        Returns
        -------
        str
            The pseudonym, and four letters that come from the name.
        """
        letters = base64.b32encode(self._hash("name", name))[:4].decode()
        return f"{self.pseudonym(patient)}^{letters}"

    def shift(self, patient: str) -> int:
        """Give the days by which all dates of a patient are moved back.

        Parameters
        ----------
        patient : str
            What tells patients apart.

        Returns
        -------
        int
            1 to 3652.
        """
        return 1 + int.from_bytes(self._hash("days", patient)[:8], "big") % _LONGEST_SHIFT


def shifted(vr: str, value: str, days: int) -> str:
    """Move dates back; times of the day stay.

    Parameters
    ----------
    vr : str
        ``"DA"``, ``"DT"`` or ``"TM"``.
    value : str
        One value or several with a backslash between.
    days : int
        By how many days.

    Returns
    -------
    str
        What is no full date, or no time, becomes empty.
    """
    return "\\".join(_shifted_one(vr, part.strip(" \0"), days) for part in value.split("\\"))


def _shifted_one(vr: str, value: str, days: int) -> str:
    if vr == "TM":
        return value if _TIME.fullmatch(value) else ""
    found = _DATE.match(value)
    if found is None:
        return ""
    # The offset from UTC, which tells where on earth it was, is left out.
    rest = re.sub(r"[+-]\d{4}$", "", value[found.end() :])
    if rest and (vr == "DA" or not _TIME.fullmatch(rest)):
        return ""
    try:
        date = datetime.date(*map(int, found.groups())) - datetime.timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return f"{date.year:04d}{date.month:02d}{date.day:02d}{rest}"
