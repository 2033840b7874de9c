import numpy as np
import pytest

from medvoxel import Grid, orientation_code
from medvoxel.errors import GeometryError, InputError, MedvoxelError


def test_index_and_place_are_inverse(any_grid, rng):
    index = rng.uniform(-5, 30, (50, 3))
    np.testing.assert_allclose(any_grid.lps_to_index(any_grid.index_to_lps(index)), index)


def test_affine_is_the_same_map_in_xyz_order(any_grid):
    place = any_grid.affine @ np.array([3, 2, 1, 1])  # x, y, z, 1
    np.testing.assert_allclose(any_grid.index_to_lps((1, 2, 3)), place[:3])


def test_affine_by_hand():
    grid = Grid((4, 5, 6), (4.0, 0.8, 0.5), (10.0, 20.0, 30.0))
    np.testing.assert_allclose(grid.index_to_lps((1, 2, 3)), (11.5, 21.6, 34.0))


def test_orientation_codes():
    assert orientation_code(np.eye(3)) == "LPS"
    assert orientation_code(np.diag([-1, -1, 1])) == "RAS"
    sagittal = np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]])
    assert orientation_code(sagittal) == "PIL"
    # Between two axes each letter is still used once.
    angle = np.radians(46)
    turned = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    assert sorted(orientation_code(turned)) == ["P", "R", "S"]


def test_mirrored(make_grid):
    assert make_grid("mirrored").is_mirrored
    assert not make_grid("oblique").is_mirrored


def test_another_raster_keeps_the_centre(any_grid):
    new = any_grid.with_shape_and_spacing((7, 9, 11), (1.0, 2.0, 3.0))
    middle_old = any_grid.index_to_lps((np.array(any_grid.shape) - 1) / 2)
    middle_new = new.index_to_lps((np.array(new.shape) - 1) / 2)
    np.testing.assert_allclose(middle_new, middle_old)
    assert new.shape == (7, 9, 11)


def test_cropping_keeps_the_place(any_grid):
    part = any_grid.crop((2, -1, 4), (6, 8, 9))
    assert part.shape == (4, 9, 5)
    np.testing.assert_allclose(part.index_to_lps((0, 1, 0)), any_grid.index_to_lps((2, 0, 4)))


def test_grids_are_compared_in_millimetres(any_grid):
    shifted = Grid(
        any_grid.shape,
        any_grid.spacing,
        tuple(np.add(any_grid.origin, (0.3, 0, 0.4))),
        any_grid.direction,
    )
    assert any_grid.same_as(any_grid)
    assert not any_grid.same_as(shifted)
    difference = any_grid.difference(shifted)
    assert difference["corner_mm"] == pytest.approx(0.5)
    assert difference["origin_mm"] == pytest.approx(0.5)
    assert difference["spacing_mm"] == 0
    with pytest.raises(GeometryError, match=r"0\.5 mm") as error:
        any_grid.require_same(shifted)
    assert "resample_to" in error.value.hint


def test_the_smallest_spacing_decides_what_is_the_same():
    # 0.01 mm is 2 % of a voxel of 0.5 mm, though little of a slice of 4 mm.
    grid = Grid((4, 5, 6), (4.0, 0.8, 0.5))
    shifted = Grid(grid.shape, grid.spacing, (0.01, 0.0, 0.0))
    assert not grid.same_as(shifted)
    assert grid.same_as(shifted, tolerance=0.03)


def test_difference_of_direction_in_degrees():
    angle = np.radians(10)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    turned = Grid((2, 2, 2), direction=turn)
    assert Grid((2, 2, 2)).difference(turned)["direction_degrees"] == pytest.approx(10)


def test_another_shape_is_another_grid():
    assert not Grid((2, 2, 2)).same_as(Grid((2, 2, 3)))


@pytest.mark.parametrize("spacing", [(1, 0, 1), (1, -1, 1), (1, np.nan, 1), (1, 1)])
def test_impossible_spacing(spacing):
    with pytest.raises(GeometryError):
        Grid((2, 2, 2), spacing)


def test_impossible_direction_and_shape():
    with pytest.raises(GeometryError):
        Grid((2, 2, 2), direction=np.ones((3, 3)))
    with pytest.raises(GeometryError):
        Grid((2, 2, 2), origin=(0, np.inf, 0))
    with pytest.raises(InputError):
        Grid((2, 2, 0))
    assert issubclass(GeometryError, MedvoxelError)


def test_direction_cannot_be_changed_from_outside():
    direction = np.eye(3)
    grid = Grid((2, 2, 2), direction=direction)
    direction[0, 0] = 5
    assert grid.direction[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        grid.direction[0, 0] = 5
