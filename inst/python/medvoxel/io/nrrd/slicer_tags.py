"""Status and coded term of a segment among the tags that 3D Slicer keeps for it."""

from __future__ import annotations

import re

from ...volume import SEGMENT_STATUSES, Segment
from .._file_checks import warn_user
from ..labels.coded_terms import CATEGORY, joined_term, unless_tissue

__all__ = ["read_tags", "tags_text"]

# Tags are "name:value|" one after the other, and nothing escapes the bar.
_STATUS, _TERM = "Segmentation.Status", "TerminologyEntry"
# "not started" is notstarted in a file.
_STATUSES = {status.replace(" ", ""): status for status in SEGMENT_STATUSES}
# Context, category, type, modifier of the type; context, region, modifier of the region.
_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
_REGIONS = "Anatomic codes - DICOM master list"


def tags_text(segment: Segment) -> str:
    """Give the tags of a segment.

    Parameters
    ----------
    segment : Segment
        The segment.

    Returns
    -------
    str
        Its status and term as 3D Slicer writes them, each where there is one; the term
        under the category of tissues.
    """
    tags = []
    if segment.status is not None:
        tags.append(f"{_STATUS}:{segment.status.replace(' ', '')}")
    if segment.code is not None:
        code = re.sub(r"[|~]", "/", segment.code)
        if code != segment.code:
            warn_user(
                f"3D Slicer's files cannot hold | and ~ in a coded term; written as {code!r}.",
                "Leave them out of the term.",
            )
        tags.append(f"{_TERM}:{_CONTEXT}~{CATEGORY}~{code}~^^~{_REGIONS}~^^~^^")
    return "|".join(tags) + "|"


def read_tags(text: str) -> tuple[str | None, str | None]:
    """Find status and coded term among the tags of a segment.

    Parameters
    ----------
    text : str
        The tags.

    Returns
    -------
    str or None
        The status, where it is one of 3D Slicer's.
    str or None
        The type of the term, without category, modifier and region; None for "Tissue",
        3D Slicer's word for nothing chosen.
    """
    tags = dict(tag.partition(":")[::2] for tag in text.split("|"))
    status = _STATUSES.get(tags.get(_STATUS, "").strip().lower())
    entry = tags.get(_TERM, "").split("~")
    parts = entry[2].split("^") if len(entry) > 2 else []
    return status, unless_tissue(joined_term(*parts)) if len(parts) == 3 else None
