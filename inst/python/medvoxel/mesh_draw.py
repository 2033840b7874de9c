"""Draw a mesh as a still picture, without a display and without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._mesh_raster import corner_normals, light, rasterise
from ._mesh_tools import check_mesh, check_whole, is_closed, used_vertices
from .errors import InputError
from .progress import ProgressCallback
from .volume import Mesh

__all__ = ["draw_mesh"]

# Rendered at twice the size and averaged: smooth outlines for faces and letters alike.
_FINER = 2
# Inches of the shorter side; lettering keeps its size relative to the picture.
_INCHES = 8.0
_AXES = ("Left (mm)", "Posterior (mm)", "Superior (mm)")
_PANE = "#F4F5F7"
_LETTERS = "#3C4043"


def draw_mesh(
    mesh: Mesh,
    *,
    width: int = 1200,
    height: int = 1200,
    elevation: float = 20.0,
    azimuth: float = -60.0,
    hide: int | str | Sequence[int | str] | None = None,
    progress: ProgressCallback | None = None,
) -> NDArray[np.uint8]:
    """Draw a mesh with light and shade, axes in millimetres and a legend.

    Parameters
    ----------
    mesh : Mesh
        One or several segments.
    width, height : int
        Size of the picture in pixels.
    elevation : float
        Height of the viewer above the axial plane, in degrees.
    azimuth : float
        Where the viewer stands, in degrees from the patient's left towards posterior:
        -60 is in front and to the left of the patient, 0 left, 90 behind.
    hide : int, str or sequence of these, optional
        Values or names of segments to leave out; by default those that are not visible.
        An empty list leaves out none.
    progress : callable, optional
        See :class:`medvoxel.progress.Progress`.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Red, green and blue. Superior is up; all axes have the same scale.

    Raises
    ------
    InputError
        When the mesh has no faces, all of its segments are hidden, or an argument is not
        one of those above.

    Notes
    -----
    The picture is orthographic. Matplotlib (its Agg canvas, no global state) draws the
    axes; the surface is drawn by a depth buffer, so that what is in front covers what is
    behind at every pixel, whatever the size of the faces.
    """
    check_mesh(mesh)
    if not len(mesh.faces):
        raise InputError("The mesh has no faces, so there is nothing to draw.")
    width = check_whole(width, "width", 100)
    height = check_whole(height, "height", 100)
    for name, angle in (("elevation", elevation), ("azimuth", azimuth)):
        if not isinstance(angle, int | float | np.number) or not np.isfinite(angle):
            raise InputError(f"{name} must be an angle in degrees, not {angle!r}.")
    mesh = _shown(mesh, hide)
    canvas, axes = _stage(mesh, _FINER * width, _FINER * height, elevation, azimuth)
    picture = np.asarray(canvas.buffer_rgba())[..., :3].astype(np.float32) / 255
    _paint(picture, mesh, axes, _directions(elevation, azimuth), progress)
    small = sum(picture[i::_FINER, j::_FINER] for i in range(_FINER) for j in range(_FINER))
    return np.rint(small * (255 / _FINER**2)).astype(np.uint8)


def _shown(mesh: Mesh, hide: int | str | Sequence[int | str] | None) -> Mesh:
    """Leave hidden segments out."""
    if hide is None:
        hidden = [row.value for row in mesh.segments if not row.visible]
    else:
        chosen = [hide] if isinstance(hide, str | int | np.integer) else list(hide)
        hidden = [row.value for row in mesh.segments if row.value in chosen or row.name in chosen]
        unknown = set(chosen) - {row.value for row in mesh.segments}
        unknown -= {row.name for row in mesh.segments}
        if unknown:
            names = ", ".join(repr(row.name) for row in mesh.segments)
            raise InputError(
                f"There is no segment {sorted(map(str, unknown))[0]!r} to hide.",
                hint=f"Segments here: {names}.",
            )
    kept = ~np.isin(mesh.values, hidden)
    if kept.all():
        return mesh
    if not kept.any():
        raise InputError(
            "All segments are hidden, so there is nothing to draw.",
            hint="An empty hide shows all of them.",
        )
    vertices, faces = used_vertices(mesh.vertices, mesh.faces[kept])
    return Mesh(vertices, faces, mesh.values[kept], mesh.segments)


def _stage(
    mesh: Mesh, width: int, height: int, elevation: float, azimuth: float
) -> tuple[Any, Any]:
    """Draw the legend and the empty axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    dpi = min(width, height) / _INCHES
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), projection="3d", proj_type="ortho")
    axes.view_init(elev=elevation, azim=azimuth)
    limits = _limits(mesh.vertices)
    for axis, limit, title in zip((axes.xaxis, axes.yaxis, axes.zaxis), limits, _AXES, strict=True):
        _dress(axis, limit, title, (limit[1] - limit[0]) / np.ptp(limits, axis=1).max())
    top = _add_legend(figure, mesh)
    _fit(canvas, axes, np.ptp(limits, axis=1), top)
    canvas.draw()
    return canvas, axes


def _limits(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the ends of the axes, shape (3, 2), with some air around the mesh."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    margin = 0.03 * max((high - low).max(), 1e-6)
    return np.stack([low - margin, high + margin], axis=1)


def _dress(axis: Any, limit: NDArray[np.float64], title: str, share: float) -> None:
    """Give one axis its limits, ticks and looks; `share` is its part of the longest."""
    from matplotlib.ticker import MaxNLocator

    axis.set_view_interval(*limit, ignore=True)
    axis.set_major_locator(MaxNLocator(max(2, round(6 * share)), steps=[1, 2, 5, 10]))
    axis.set_pane_color(_PANE)
    axis.set_tick_params(labelcolor=_LETTERS, labelsize=10)
    axis.set_label_text(title, color=_LETTERS, fontsize=12)
    axis.labelpad = 16


def _add_legend(figure: Any, mesh: Mesh) -> float:
    """Put the legend on top, in as many columns as fit; return where it ends, in pixels."""
    from matplotlib.patches import Patch

    used = set(np.unique(mesh.values).tolist())
    rows = [Patch(color=row.colour, label=row.name) for row in mesh.segments if row.value in used]
    renderer = figure.canvas.get_renderer()
    for columns in range(min(len(rows), 6), 0, -1):
        legend = figure.legend(
            handles=rows,
            loc="upper center",
            ncols=columns,
            frameon=False,
            fontsize=12 if len(rows) <= 12 else 9,
            handlelength=1.2,
            handleheight=1.0,
            labelcolor=_LETTERS,
        )
        box = legend.get_window_extent(renderer)
        if columns == 1 or box.width < 0.96 * figure.bbox.width:
            return float(box.y0)
        legend.remove()
    return float(figure.bbox.height)


def _fit(canvas: Any, axes: Any, aspect: NDArray[np.float64], top: float) -> None:
    """Make the axes with their lettering as large as the place below the legend allows."""
    width, height = canvas.figure.bbox.size
    edge = 0.02 * min(width, height)
    room = np.array([width - 2 * edge, max(top, height / 2) - 2 * edge])
    zoom = 1.0
    # The lettering does not grow with the box, so one round is not enough.
    for _ in range(3):
        axes.set_box_aspect(aspect, zoom=zoom)
        zoom *= float(np.min(room / np.ptp(_occupied(canvas, axes), axis=0)))
    axes.set_box_aspect(aspect, zoom=zoom)
    shift = edge + room / 2 - _occupied(canvas, axes).mean(axis=0)
    axes.set_position((shift[0] / width, shift[1] / height, 1.0, 1.0))


def _occupied(canvas: Any, axes: Any) -> NDArray[np.float64]:
    """Lower left and upper right pixel of the three axes with their lettering."""
    canvas.figure.draw_without_rendering()
    renderer = canvas.get_renderer()
    boxes = [axis.get_tightbbox(renderer) for axis in (axes.xaxis, axes.yaxis, axes.zaxis)]
    corners = np.array([*axes.get_xlim3d(), *axes.get_ylim3d(), *axes.get_zlim3d()])
    box = _to_pixels(np.array(np.meshgrid(*corners.reshape(3, 2))).reshape(3, -1).T, axes)
    low = np.vstack([box, *[b.p0 for b in boxes if b is not None]]).min(axis=0)
    high = np.vstack([box, *[b.p1 for b in boxes if b is not None]]).max(axis=0)
    return np.stack([low, high])


def _to_pixels(points: NDArray[np.float64], axes: Any) -> NDArray[np.float64]:
    """Pixels (x to the right, y upwards) of points in LPS mm."""
    from mpl_toolkits.mplot3d import proj3d

    x, y, _ = proj3d.proj_transform(*points.T, axes.get_proj())
    return axes.transData.transform(np.stack([x, y], axis=1))


def _paint(
    picture: NDArray[np.float32],
    mesh: Mesh,
    axes: Any,
    directions: tuple[NDArray[Any], NDArray[Any]],
    progress: ProgressCallback | None,
) -> None:
    """Draw the surface over the axes, in place."""
    height, width = picture.shape[:2]
    pixels = _to_pixels(mesh.vertices, axes)
    pixels[:, 1] = height - pixels[:, 1]
    view, lamp = (d.astype(np.float32) for d in directions)
    depth = (mesh.vertices - mesh.vertices.mean(axis=0)) @ view
    faces = np.arange(len(mesh.faces))
    if is_closed(mesh.faces):
        # Of a closed surface only the faces that are turned to the viewer can be seen.
        across = mesh.vertices[mesh.faces] - mesh.vertices[mesh.faces[:, :1]]
        faces = np.flatnonzero(np.cross(across[:, 1], across[:, 2]) @ view > 0)
    corners = mesh.faces[faces]
    seen = rasterise(pixels[corners], depth[corners], height, width, progress)
    covered = np.flatnonzero(seen.face >= 0)
    face = faces[seen.face[covered]]
    second, third = seen.weight[covered].T[..., None]
    normals = corner_normals(mesh.vertices, mesh.faces).astype(np.float32)
    a, b, c = (normals[mesh.faces[face, k]] for k in range(3))
    normal = a + (b - a) * second + (c - a) * third
    lit = light(normal, _colours(mesh)[mesh.values[face]], view, lamp)
    picture.reshape(-1, 3)[covered] = lit


def _directions(elevation: float, azimuth: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Make the unit vectors in LPS to the viewer and to a lamp above his left shoulder."""
    e, a = np.radians([elevation, azimuth])
    view = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    right = np.array([-np.sin(a), np.cos(a), 0.0])
    up = np.cross(view, right)
    lamp = view + 0.55 * up - 0.45 * right
    return view, lamp / np.linalg.norm(lamp)


def _colours(mesh: Mesh) -> NDArray[np.float32]:
    """Colour of each segment value, 0 to 1, indexed by the value."""
    from matplotlib.colors import to_rgb

    table = np.full((int(mesh.values.max()) + 1, 3), 0.7, dtype=np.float32)
    for row in mesh.segments:
        if row.value < len(table):
            table[row.value] = to_rgb(row.colour)
    return table
