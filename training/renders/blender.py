"""The functions of Blender that the scenes use: start empty, render, add solids, hair, wires, lights, a camera."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray
from strands import Ellipsoid, Floats

RGB = Sequence[float] | NDArray[np.float64]


def empty_scene(threads: int = 2) -> Any:
    """Replace what Blender has open by an empty scene for Cycles on ``threads`` CPU threads, and return it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.use_persistent_data = False
    scene.cycles_curves.shape = "RIBBONS"
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 3, 1, 2
    scene.cycles.transmission_bounces, scene.cycles.transparent_max_bounces = 4, 64
    scene.cycles.use_light_tree = False
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    return scene


def render(scene: Any, path: str, size: tuple[int, int], samples: int, *, transparent: bool, denoise: bool) -> None:
    """Render ``scene`` to ``path``: 16-bit linear EXR, premultiplied RGBA; size is (width, height), pixels."""
    r = scene.render
    r.resolution_x, r.resolution_y, r.resolution_percentage = size[0], size[1], 100
    r.film_transparent = transparent
    scene.cycles.samples, scene.cycles.use_adaptive_sampling = samples, False
    scene.cycles.use_denoising = denoise
    scene.cycles.sample_clamp_indirect = 6.0
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    r.image_settings.file_format, r.image_settings.color_mode = "OPEN_EXR", "RGBA"
    r.image_settings.color_depth, r.image_settings.exr_codec = "16", "ZIP"
    r.filepath = path
    bpy.ops.render.render(write_still=True)


def read_exr(path: str) -> Floats:
    """The pixels of an EXR file: premultiplied linear RGBA, (row, column, 4), float32."""
    image = bpy.data.images.load(path)
    image.colorspace_settings.name, image.alpha_mode = "Non-Color", "CHANNEL_PACKED"
    width, height = image.size
    flat = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(flat)
    bpy.data.images.remove(image)
    return flat.reshape(height, width, 4)[::-1]


def hair(name: str, paths: Floats, tint: Floats, root: float, tip: float, made: Any) -> Any:
    """Add strands: paths (strand, step, 3), radii in scene units, tint linear RGB: (strand, 3) or (strand, step, 3)."""
    count, steps = paths.shape[:2]
    data = bpy.data.hair_curves.new(name)
    data.add_curves([steps] * count)
    data.position_data.foreach_set("vector", np.ascontiguousarray(paths, np.float32).ravel())
    taper = root + (tip - root) * np.linspace(0, 1, steps) ** 1.5
    radius = data.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", np.tile(taper, count).astype(np.float32))
    flat = tint.reshape(-1, 3)
    colour = data.attributes.new("tint", "FLOAT_COLOR", "CURVE" if tint.ndim == 2 else "POINT")
    colour.data.foreach_set("color", np.c_[flat, np.ones(len(flat))].astype(np.float32).ravel())
    data.materials.append(made)
    return link(bpy.data.objects.new(name, data))


def sun(towards: RGB, energy: float, colour: RGB = (1, 1, 1), angle: float = 0.02) -> Any:
    """Parallel light from the direction `towards`; energy in W/m², `angle` its disc as seen, in radians."""
    data = bpy.data.lights.new("sun", "SUN")
    data.energy, data.angle, data.color = energy, angle, colour
    lamp = link(bpy.data.objects.new("sun", data))
    lamp.rotation_euler = looking(towards, (0, 0, 0))
    return lamp


def camera_only(thing: Any) -> None:
    """Let the camera see ``thing``, and nothing else: it throws no shadow and shows in no reflection."""
    thing.visible_diffuse = thing.visible_glossy = thing.visible_transmission = thing.visible_shadow = False


def added(build: Callable[[], None]) -> list[Any]:
    """Run `build` and return the things that it put into the scene."""
    before = set(bpy.data.objects)
    build()
    return [thing for thing in bpy.data.objects if thing not in before]


def link(thing: Any) -> Any:
    """Put ``thing`` into the scene, and return it."""
    bpy.context.scene.collection.objects.link(thing)
    return thing


def mesh(name: str, vertices: Floats, faces: Sequence[Sequence[int]], made: Any, *, smooth: bool = True) -> Any:
    """Add a surface: vertices (vertex, 3) in scene units, and faces as lists of vertex numbers."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(np.asarray(vertices, float).tolist(), [], [list(map(int, face)) for face in faces])
    if smooth:
        data.shade_smooth()
    data.materials.append(made)
    return link(bpy.data.objects.new(name, data))


def cuboid(name: str, corners: Floats, made: Any) -> Any:
    """Six flat faces through eight corners (x runs fastest, then y, then z)."""
    faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    return mesh(name, corners, faces, made, smooth=False)


def sheet(name: str, corners: Floats, made: Any) -> Any:
    """One flat face through four corners."""
    return mesh(name, corners, [(0, 1, 2, 3)], made, smooth=False)


def grid(name: str, points: Floats, made: Any, *, closed: bool = False, smooth: bool = True) -> Any:
    """A surface through points (row, column, 3) in scene units; `closed` joins the last column to the first."""
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        index = np.c_[index, index[:, :1]]
    faces = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
    return mesh(name, points.reshape(-1, 3), faces.tolist(), made, smooth=smooth)


def solid(name: str, shape: Ellipsoid, made: Any, *, detail: int = 48) -> Any:
    """Add an ellipsoid, with ``detail`` rings of vertices."""
    down, around = np.meshgrid(
        np.linspace(0, np.pi, detail), np.linspace(0, 2 * np.pi, 2 * detail, False), indexing="ij"
    )
    sphere = np.stack([np.sin(down) * np.cos(around), np.sin(down) * np.sin(around), -np.cos(down)], -1)
    return grid(name, (sphere * shape.radii) @ shape.rotation.T + shape.centre, made, closed=True)


def lathe(name: str, profile: Floats, made: Any, *, detail: int = 96) -> Any:
    """Turn a profile (step, (radius, height)) in scene units about the z axis."""
    around = np.linspace(0, 2 * np.pi, detail, False)
    ring = np.stack([np.cos(around), np.sin(around)], -1)
    points = np.concatenate(
        [profile[:, :1, None] * ring[None], np.broadcast_to(profile[:, 1:, None], (len(profile), detail, 1))], -1
    )
    return grid(name, points, made, closed=True)


def tube(name: str, path: Floats, radius: float | Floats, made: Any, *, closed: bool = False, detail: int = 12) -> Any:
    """A round wire along a path (step, 3); radius one for all or one per step, in scene units."""
    data = bpy.data.curves.new(name, "CURVE")
    data.dimensions, data.bevel_depth, data.bevel_resolution = "3D", 1.0, max(1, detail // 4)
    data.use_fill_caps = True
    spline = data.splines.new("POLY")
    spline.points.add(len(path) - 1)
    spline.points.foreach_set("co", np.c_[path, np.ones(len(path))].astype(np.float32).ravel())
    spline.points.foreach_set("radius", np.broadcast_to(np.asarray(radius, np.float32), (len(path),)).copy())
    spline.use_cyclic_u, spline.use_smooth = closed, True
    data.materials.append(made)
    return link(bpy.data.objects.new(name, data))


def area_light(at: RGB, towards: RGB, size: float, watts: float, colour: RGB = (1, 1, 1)) -> Any:
    """Add a square lamp at ``at`` that shines towards ``towards``; its side in scene units, its power in watts."""
    data = bpy.data.lights.new("light", "AREA")
    data.size, data.energy, data.color = size, watts, colour
    lamp = link(bpy.data.objects.new("light", data))
    lamp.location = at
    lamp.rotation_euler = looking(at, towards)
    lamp.visible_camera = False
    return lamp


def looking(at: RGB, towards: RGB) -> tuple[float, float, float]:
    """Euler angles (x, y, z) in radians that turn a camera or lamp at `at` to `towards`, z up."""
    x, y, z = (b - a for a, b in zip(at, towards, strict=True))
    return math.acos(-1) / 2 + math.atan2(z, math.hypot(x, y)), 0.0, math.atan2(y, x) - math.pi / 2


def camera(at: RGB, towards: RGB, lens: float, *, focus: float | None = None, fstop: float = 8.0) -> Any:
    """Add a camera and make it the scene's; ``lens`` in millimetres, ``focus`` in scene units (None: all is sharp)."""
    data = bpy.data.cameras.new("camera")
    data.lens, data.clip_end = lens, 500.0
    if focus is not None:
        data.dof.use_dof, data.dof.focus_distance, data.dof.aperture_fstop = True, focus, fstop
    made = link(bpy.data.objects.new("camera", data))
    made.location, made.rotation_euler = at, looking(at, towards)
    bpy.context.scene.camera = made
    return made
