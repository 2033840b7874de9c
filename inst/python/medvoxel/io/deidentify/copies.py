"""Copy DICOM files without what says whose they are."""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import DicomError, DicomWarning, FileFormatError, InputError
from ...progress import Progress, ProgressCallback
from .._paths import user_path
from .._write import atomic_path
from ..archive.opening import Opened, opened
from ..dicom.dicomdir import files_of, is_dicomdir
from .file import Cleaned, Settings, Unusable, clean_file, settings_of

__all__ = ["DeidentifiedFile", "deidentify_dicom"]

_WRITTEN, _LEFT_OUT = "written", "left out"
# Identifiers, names, dates and UIDs cannot be kept.
_MAY_BE_KEPT = frozenset("AS CS DS IS LO LT SH ST UC UT".split())  # noqa: SIM905
_NEVER_KEPT = frozenset(("PatientID", "DeidentificationMethod", "PatientIdentityRemoved"))


@dataclass(frozen=True)
class DeidentifiedFile:
    """One line about one file of the input.

    Parameters
    ----------
    source : str
        The file; for a member of a zip file, the archive and the name in it with a ``!``
        between.
    target : str or None
        Its copy; ``None`` when it was left out.
    patient : str or None
        The pseudonym.
    series : int or None
        The number in the name of the folder of the series, from 1.
    status : str
        ``"written"`` or ``"left out"``.
    reason : str
        Why it was left out, or why a copy is flagged; else "".
    """

    source: str
    target: str | None
    patient: str | None
    series: int | None
    status: str
    reason: str


def deidentify_dicom(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    /,
    *,
    dates: str = "shift",
    keep: str | Sequence[str] = (),
    include_flagged: bool = False,
    secret: str | None = None,
    progress: ProgressCallback | None = None,
) -> list[DeidentifiedFile]:
    """Copy DICOM files without what says whose they are.

    Parameters
    ----------
    source : path-like
        A folder with its subfolders, one file, a DICOMDIR or a zip file. Nothing in it is
        changed. (``from`` in R, a word that Python has taken.)
    target : path-like
        The folder for the copies, new or empty, neither inside `source` nor around it.
        (``to`` in R.) Files are named by number, such as
        ``P7KQ2MZ4XAB/series-001/slice-0001.dcm``.
    dates : {"shift", "remove"}
        Move all dates of a patient back by the same random number of days (1 to 3652), so
        that intervals are kept, and keep the times of the day; or remove both. Birth dates
        are always removed.
    keep : str or sequence of str
        Keywords of elements that the profile would remove or empty, such as
        ``"SeriesDescription"``, ``"PatientSex"`` or ``"ROIName"``. Parts of the patient's
        name, identifiers and birth date are taken out of texts that are kept.
    include_flagged : bool
        Whether images are copied that may show who the patient is: secondary captures,
        ultrasound, photographs, and those whose header says so.
    secret : str, optional
        At least eight characters. With the same secret a later call gives the same
        patients, studies and dates the same replacements. Without one, a random key is
        used and forgotten.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    list of DeidentifiedFile
        One for each file of the input, in the order of the names.

    Raises
    ------
    InputError
        When an argument is wrong.
    FileFormatError
        When there is no `source`, or `target` cannot be used.
    DicomError
        When there is no DICOM file.
    Cancelled
        When `progress` returned ``False``; what was written is removed again.

    Warns
    -----
    DicomWarning
        When DICOM files were left out, because they are damaged or flagged.

    Notes
    -----
    The rules are those of the Basic Application Level Confidentiality Profile of DICOM
    PS3.15 (table E.1-1, as kept by the package dicom-anonymizer), applied at every depth.
    Stricter than the table: private elements, curves and overlays go as whole groups, and
    so do texts, names and unknown bytes that the table does not mention, but for some that
    say how the values were made. Values, geometry and compressed pixels stay as they are.
    With ``dates="shift"`` the option "Retain Longitudinal Temporal Information With Modified
    Dates" is applied.

    It does not see what pixels show: a face can be rendered from a scan of the head, and
    texts burned into pixels are only known where the header says so. A kept secret leads
    from a known patient to the copies; keep it as carefully as the originals.

    References
    ----------
    NEMA PS3.15, Annex E: Attribute Confidentiality Profiles.
    """
    settings = _settings(dates, keep, include_flagged, secret)
    origin, folder = user_path(source), user_path(target)
    _check_places(origin, folder)
    with opened(origin) as place:
        files, rows = _inputs(place)
        results = _Results(place, folder)
        try:
            for file in Progress.over(files, progress, "De-identifying"):
                rows.append(results.add(file, settings))
        except BaseException:
            results.remove()
            raise
    if not results.seen:
        results.remove()
        raise DicomError(
            f"There is no DICOM file in {origin}.",
            hint="Give the folder that holds the DICOM files.",
        )
    results.warn()
    return sorted(rows, key=lambda row: _natural(row.source))


@dataclass
class _Results:
    """What was made so far, to number it, count it, and take it back."""

    place: Opened
    folder: Path
    series: dict[tuple[str, str, int], int] = field(default_factory=dict)
    copies: Counter[tuple[str, str]] = field(default_factory=Counter)
    numbers: Counter[int] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    written: list[Path] = field(default_factory=list)
    made: list[Path] = field(default_factory=list)
    seen: bool = False

    def add(self, file: str, settings: Settings) -> DeidentifiedFile:
        """Clean and write one file."""
        label = self.place.label(file)
        try:
            cleaned = clean_file(file, label, settings)
        except Unusable as reason:
            self.left_out[reason.kind] += 1
            self.seen |= reason.kind != "other"
            return DeidentifiedFile(label, None, None, None, _LEFT_OUT, str(reason))
        self.seen = True
        number = self._number(cleaned)
        self.numbers[number] += 1
        target = (
            self.folder / cleaned.patient / f"series-{number:03d}"
            / f"{cleaned.stem}-{self.numbers[number]:04d}.dcm"
        )  # fmt: skip
        self._write(cleaned, target)
        return DeidentifiedFile(label, str(target), cleaned.patient, number, _WRITTEN, cleaned.note)

    def _number(self, cleaned: Cleaned) -> int:
        """Give the number of the series; a second copy of a series is one by itself."""
        instance = (cleaned.series, str(cleaned.data.SOPInstanceUID))
        series = (cleaned.patient, cleaned.series, self.copies[instance])
        self.copies[instance] += 1
        return self.series.setdefault(series, len(self.series) + 1)

    def _write(self, cleaned: Cleaned, target: Path) -> None:
        import pydicom

        for folder in (self.folder, target.parent.parent, target.parent):
            if not folder.is_dir():
                folder.mkdir()
                self.made.append(folder)
        with atomic_path(target) as temporary:
            pydicom.dcmwrite(temporary, cleaned.data, enforce_file_format=True)
        self.written.append(target)

    def remove(self) -> None:
        """Take back what was made, and nothing else."""
        with suppress(OSError):
            for file in self.written:
                file.unlink(missing_ok=True)
            for folder in reversed(self.made):
                folder.rmdir()

    def warn(self) -> None:
        """Say how many DICOM files are missing in the copy."""
        damaged, flagged = self.left_out["damaged"], self.left_out["flagged"]
        parts = [f"{damaged} damaged"] if damaged else []
        parts += [f"{flagged} that may show who the patient is"] if flagged else []
        if parts:
            one = damaged + flagged == 1
            warnings.warn(
                DicomWarning(
                    f"DICOM {'file' if one else 'files'} left out: {' and '.join(parts)}.",
                    hint="The column reason says why; see include_flagged for the latter."
                    if flagged else "The column reason says why.",
                ),
                stacklevel=3,
            )  # fmt: skip


def _inputs(place: Opened) -> tuple[list[str], list[DeidentifiedFile]]:
    """List the files to look at, and lines for those that cannot be."""
    archive = place.archive
    rows = [_left_out(f"{archive}!{name}", reason) for name, reason in place.skipped]
    root = str(place.folder)
    if is_dicomdir(root):
        files, missing = files_of(root)
        rows += [
            _left_out(os.path.join(os.path.dirname(root), name), "the DICOMDIR lists it, but it "
                      "is not there") for name in missing
        ]  # fmt: skip
    elif os.path.isfile(root):
        files = [root]
    else:
        files = []
        for file in _files_below(root):
            if os.path.isfile(file):
                files.append(file)
            else:
                rows.append(_left_out(place.label(file), "it is no file that can be read"))
    return sorted(files, key=lambda file: _natural(place.label(file))), rows


def _left_out(file: str, reason: str) -> DeidentifiedFile:
    return DeidentifiedFile(file, None, None, None, _LEFT_OUT, reason)


def _files_below(root: str) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise FileFormatError(
            f"The folder {error.filename} cannot be opened ({error.strerror or error}).",
            hint="Get the right to read it; otherwise slices would be missing in the copy.",
            path=str(error.filename),
        ) from error

    for folder, _, names in os.walk(root, onerror=fail):
        yield from (os.path.join(folder, name) for name in names)


def _natural(name: str) -> list[tuple[int, str]]:
    """Order IM2 before IM10."""
    parts = re.split(r"(\d+)", name)
    return [(int(p), "") if i % 2 else (0, p) for i, p in enumerate(parts)]


def _settings(
    dates: str, keep: str | Sequence[str], include_flagged: bool, secret: str | None
) -> Settings:
    if dates not in ("shift", "remove"):
        raise InputError(
            f'`dates` must be "shift" or "remove", not {dates!r}.', hint="See deidentify_dicom()."
        )
    if secret is not None and (not isinstance(secret, str) or len(secret) < 8):
        raise InputError(
            "`secret` must be a text of at least eight characters.",
            hint="Make a long one up, and keep it where the originals are.",
        )
    names = [keep] if isinstance(keep, str) else list(keep)
    for name in names:
        _require_keepable(name)
    return settings_of(dates=dates, keep=names, include_flagged=include_flagged, secret=secret)


def _require_keepable(name: str) -> None:
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    tag = tag_for_keyword(name) if isinstance(name, str) else None
    if tag is None:
        raise InputError(
            f"`keep` names {name!r}, which is no element of DICOM.",
            hint='Give keywords such as "SeriesDescription" or "PatientSex".',
        )
    if name in _NEVER_KEPT or dictionary_VR(tag) not in _MAY_BE_KEPT:
        raise InputError(
            f"`keep` names {name}, which cannot be kept: identifiers, names of persons, dates "
            "and UIDs are always replaced.",
            hint="Leave it out.",
        )


def _check_places(source: Path, target: Path) -> None:
    if not source.exists():
        raise FileFormatError(
            f"There is no file or folder {source}.",
            hint="Check the path, and that the drive is connected.",
            path=str(source),
        )
    inside = _is_within(target, source) and source.is_dir()
    if inside or _is_within(source, target):
        relation = "inside" if inside else "around"
        raise InputError(
            f"The copies cannot go to {target}: it lies {relation} the originals in {source}.",
            hint="Give a new folder in another place.",
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileFormatError(
            f"{target} is not empty." if target.is_dir() else f"{target} is not a folder.",
            hint="Give a new folder: nothing is ever overwritten.",
            path=str(target),
        )
    if not target.parent.is_dir():
        raise FileFormatError(
            f"{target.name} cannot be made: there is no folder {target.parent}.",
            hint="Create the folder first, or give another path.",
            path=str(target),
        )


def _is_within(inner: Path, outer: Path) -> bool:
    """Whether one place is the other or below it, whatever links and capitals say."""
    if not outer.is_dir():
        return False
    inner = inner.resolve()
    return any(p.exists() and os.path.samefile(p, outer) for p in (inner, *inner.parents))
