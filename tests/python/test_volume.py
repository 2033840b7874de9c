import re

import numpy as np
import pytest

from medvoxel import Grid, Mesh, Segment, Segmentation, Volume
from medvoxel.errors import InputError
from medvoxel.volume import SEGMENT_STATUSES, segment_colours

GRID = Grid((2, 3, 4))


def test_a_volume_must_fit_its_grid():
    with pytest.raises(InputError, match="shape"):
        Volume(np.zeros((2, 3, 5)), GRID)
    with pytest.raises(InputError, match="numeric"):
        Volume(np.zeros((2, 3, 4), bool), GRID)
    with pytest.raises(InputError, match="list"):
        Volume([[[1]]], GRID)


def test_other_values_keep_what_is_known():
    volume = Volume(np.zeros(GRID.shape), GRID, "CT", "HU", {"kernel": "B30f"})
    other = volume.with_array(np.ones(GRID.shape))
    assert (other.modality, other.unit, other.info["kernel"]) == ("CT", "HU", "B30f")
    assert volume.array.max() == 0


def test_segments_are_found_by_value_and_name():
    segments = (Segment(3, "bone", "#ffffff"), Segment(7, "tendon", "#000000"))
    array = np.zeros(GRID.shape, np.int16)
    array[0, 0, :2] = 7
    segmentation = Segmentation(array, GRID, segments)
    assert segmentation.find("tendon").value == 7
    assert segmentation.mask(7).sum() == 2
    with pytest.raises(InputError) as error:
        segmentation.find("nerve")
    assert "'bone' (3)" in error.value.hint


def test_segments_say_more_only_when_they_are_asked_to():
    plain = Segment(1, "a", "#000000")
    assert (plain.visible, plain.status, plain.code) == (True, None, None)
    for status in SEGMENT_STATUSES:
        assert Segment(1, "a", "#000000", status=status).status == status
    assert not Segment(1, "a", "#000000", visible=np.bool_(False)).visible
    assert Segment(1, "a", "#000000", code="SCT^13024002^Tendon of a: b|c~d").code is not None


def test_bad_segments():
    for status in ("done", "Completed", "notstarted", "", 1):
        with pytest.raises(InputError, match='"in progress"'):
            Segment(1, "a", "#000000", status=status)
    for code in ("Tendon", "SCT^1", "SCT^1^", "SCT^ ^a", "SCT^1^a^b", "SCT^1^a\tb", "", 3):
        with pytest.raises(InputError, match="scheme") as error:
            Segment(1, "a", "#000000", code=code)
        assert "SCT^13024002^Tendon" in error.value.hint
    for visible in (None, "yes", 1):
        with pytest.raises(InputError, match="visible or not"):
            Segment(1, "a", "#000000", visible=visible)


def test_bad_segmentations():
    array = np.zeros(GRID.shape, np.int16)
    with pytest.raises(InputError, match="positive"):
        Segmentation(array, GRID, (Segment(0, "a", "#fff"),))
    with pytest.raises(InputError, match="once"):
        Segmentation(array, GRID, (Segment(1, "a", "#fff"), Segment(1, "b", "#fff")))
    with pytest.raises(InputError, match="integer"):
        Segmentation(array.astype(float), GRID, ())


def test_faces_must_point_to_vertices():
    vertices = np.zeros((3, 3))
    with pytest.raises(InputError, match="point"):
        Mesh(vertices, np.array([[0, 1, 3]]), np.array([1]), ())
    with pytest.raises(InputError, match="each face"):
        Mesh(vertices, np.array([[0, 1, 2]]), np.array([1, 2]), ())


def test_every_segment_has_a_colour_of_its_own():
    colours = segment_colours(300)
    assert len(set(colours)) == 300
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in colours)
    assert segment_colours(9)[:7] == segment_colours(7)


def test_true_names_no_segment():
    seg = Segmentation(np.ones((2, 3, 4), np.uint8), GRID, (Segment(1, "a", "#000000"),))
    with pytest.raises(InputError, match="no segment True"):
        seg.find(True)
