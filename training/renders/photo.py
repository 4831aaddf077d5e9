"""Render the example photo: a plush creature and a mug on a garden table, with the exact alpha of the two.

    python training/renders/photo.py --out examples --scale 1

Subject and background are rendered apart (the subject over a transparent film), then joined in linear light.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import blender as b
import bpy
import materials as m
import numpy as np
from creature import add_creature, add_mug
from furlight import Rays
from PIL import Image, ImageFilter
from strands import Floats, unit
from tone import developed

FULL = (5616, 3744)
AT, TOWARDS, LENS = (0.9, -12.4, 2.5), (0.12, 0.0, 1.12), 88.0

SUN, REFLECTOR = (5.2, 8.0, 6.2), (-4.5, -7.5, 5.0)
SUBJECT, MUG = (0.06, 0.82, 0.10, 0.94), (0.61, 0.81, 0.12, 0.38)
# The same two lights as irradiance on the fur, dimmed to 70 %, because hair absorbs more light than a smooth surface.
LAMPS = (
    Rays(unit(np.array(SUN)), 4.4 * np.array([1.0, 0.83, 0.62])),
    Rays(unit(np.array(REFLECTOR)), 3.0 * np.array([1.0, 0.95, 0.88])),
)


def add_table() -> Any:
    """Add the table top of wooden boards; returns its parts."""
    wood = m.material("wood", (0.3, 0.16, 0.08), roughness=0.42)
    nodes, links = wood.node_tree.nodes, wood.node_tree.links
    place = nodes.new("ShaderNodeTexCoord")
    stretch = nodes.new("ShaderNodeMapping")
    stretch.inputs["Scale"].default_value = (0.35, 5.0, 5.0)
    grain = nodes.new("ShaderNodeTexNoise")
    grain.inputs["Scale"].default_value, grain.inputs["Detail"].default_value = 3.0, 5.0
    grain.inputs["Distortion"].default_value = 0.6
    ramp = nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.3, 0.72
    ramp.color_ramp.elements[0].color = (0.16, 0.075, 0.035, 1)
    ramp.color_ramp.elements[1].color = (0.44, 0.26, 0.13, 1)
    bump = nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = 0.15, 0.02
    shader = nodes["Principled BSDF"]
    links.new(place.outputs["Object"], stretch.inputs["Vector"])
    links.new(stretch.outputs["Vector"], grain.inputs["Vector"])
    links.new(grain.outputs["Fac"], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    links.new(grain.outputs["Fac"], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    planks = []
    for front in np.arange(-4.0, 1.9, 0.62):
        corners = np.array([(x, y, z) for z in (-0.12, 0.0) for y in (front, front + 0.605) for x in (-9.0, 9.0)])
        plank = b.cuboid("plank", corners, wood)
        edge = plank.modifiers.new("edge", "BEVEL")
        edge.width, edge.segments = 0.012, 2
        planks.append(plank)
    return planks


def add_garden(rng: np.random.Generator) -> None:
    """Leaves and blossoms far behind the table: out of focus they become discs of light.

    They glow instead of being lit, darker with the depth of the foliage: at this blur the difference cannot be seen.
    """
    kinds = [((0.10, 0.22, 0.035), 3600), ((0.035, 0.10, 0.02), 3600), ((0.34, 0.44, 0.07), 1500)]
    kinds += [((0.9, 0.36, 0.42), 90), ((1.0, 0.8, 0.28), 80), ((1.0, 0.97, 0.9), 70), ((4.5, 3.9, 2.5), 110)]
    clumps = np.c_[rng.uniform(-9, 9, 60), rng.uniform(8, 20, 60), rng.uniform(-2.0, 5.6, 60)]
    for colour, count in kinds:
        for shade in (0.45, 1.0, 1.7):
            share = count // 3
            middle = clumps[rng.integers(0, 60, share)] + rng.normal(0, (1.3, 1.3, 0.9), (share, 3))
            middle[:, 1] += 2.5 * (1 - shade)
            size = 0.3 if max(colour) > 2 else 1.0
            one, two = unit(rng.normal(size=(share, 3))), unit(rng.normal(size=(share, 3)))
            one, two = (
                one * rng.uniform(0.08, 0.22, (share, 1)) * size,
                two * rng.uniform(0.05, 0.12, (share, 1)) * size,
            )
            corners = np.stack([middle - one, middle - two, middle + one, middle + two], 1).reshape(-1, 3)
            glow = m.glow_material("leaf", colour, shade)
            leaves = b.mesh("garden", corners, np.arange(4 * share).reshape(-1, 4).tolist(), glow, smooth=False)
            b.camera_only(leaves)
    hedge = [(x, 26.0, z) for z in (-9.0, 9.0) for x in (-60.0, 60.0)]
    b.camera_only(b.mesh("garden", np.array(hedge), [(0, 1, 3, 2)], m.glow_material("hedge", (0.05, 0.115, 0.03), 1.0)))


def add_light(scene: Any) -> None:
    """Evening sun from behind on the right, the sky, a large reflector from the front left."""
    nodes, links = scene.world.node_tree.nodes, scene.world.node_tree.links
    sky = nodes.new("ShaderNodeTexSky")
    sky.sky_type, sky.sun_disc = "NISHITA", False
    sky.sun_elevation, sky.sun_rotation = 0.42, 0.6
    links.new(sky.outputs[0], nodes["Background"].inputs["Color"])
    nodes["Background"].inputs["Strength"].default_value = 0.15
    b.sun(SUN, 6.0, (1.0, 0.83, 0.62), 0.03)
    b.area_light(REFLECTOR, (0, 0, 1.0), 4.0, 1200, (1.0, 0.95, 0.88))


def render_both(size: tuple[int, int], samples: int, threads: int, work: Path) -> None:
    """Render background, subject and mug into ``work``: back.exr, front.exr, mug.exr."""
    scene = b.empty_scene(threads)
    rng = np.random.default_rng(20)
    pixel = 5.3 / size[0]
    strands = 420_000
    subject = add_creature(strands, max(0.00085, 0.18 * pixel), LAMPS, rng) + add_mug((1.08, -0.30), (0.02, 0.21, 0.24))
    table = add_table()
    add_garden(rng)
    add_light(scene)
    eye = b.camera(AT, TOWARDS, LENS, focus=12.0, fstop=0.16)

    for thing in subject:
        thing.visible_camera = False
    started = time.perf_counter()
    small = (size[0] // 4, size[1] // 4) if size[0] > 2000 else size
    b.render(scene, str(work / "back.exr"), small, samples + 2, transparent=False, denoise=True)
    print(f"background {time.perf_counter() - started:.0f} s", flush=True)

    for thing in subject:
        thing.visible_camera = True
    for thing in table:  # hides the fur that hangs below its top, and keeps lighting the subject
        thing.is_holdout = True
    for thing in bpy.data.objects:
        if thing.name.startswith("garden"):
            thing.hide_render = True
    eye.data.dof.aperture_fstop = 5.0
    started = time.perf_counter()
    only(scene, SUBJECT)
    b.render(scene, str(work / "front.exr"), size, samples, transparent=True, denoise=False)
    print(f"subject {time.perf_counter() - started:.0f} s", flush=True)
    started = time.perf_counter()
    only(scene, MUG)  # the fur's light is painted on; the mug's is sampled, and needs more samples
    b.render(scene, str(work / "mug.exr"), size, 2 * samples, transparent=True, denoise=True)
    print(f"mug {time.perf_counter() - started:.0f} s", flush=True)


def only(scene: Any, part: tuple[float, float, float, float]) -> None:
    """Render only a part of the frame: left, right, bottom, top as shares of it."""
    r = scene.render
    r.use_border = True
    r.border_min_x, r.border_max_x, r.border_min_y, r.border_max_y = part


def calmed(front: Floats, mug: Floats) -> Floats:
    """The denoised mug, but the raw samples near its edges, because alpha and colour must agree there."""
    blue = (front[..., 3] > 0.999) & (mug[..., 2] > 1.15 * mug[..., 0])
    ceramic = Image.fromarray(blue.astype(np.uint8) * 255)
    inside = ceramic.filter(ImageFilter.MinFilter(7)).filter(ImageFilter.GaussianBlur(1.5))
    share = np.asarray(inside, np.float32)[..., None] / 255 * blue[..., None]
    front[..., :3] += share * (mug[..., :3] - front[..., :3])
    return front


def enlarged(image: Floats, size: tuple[int, int]) -> Floats:
    """A picture (row, column, 3) at the size (width, height), by cubic interpolation."""
    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., c])).resize(size, Image.Resampling.BICUBIC) for c in range(3)
    ]
    return np.stack([np.asarray(plane) for plane in planes], -1)


def main() -> None:
    """Render the photo and its alpha."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0, help="1 renders 5616x3744")
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quality", type=int, default=88)
    parser.add_argument("--keep", type=Path, help="folder for the two linear renders")
    parser.add_argument("--reuse", action="store_true", help="develop the renders in --keep again")
    options = parser.parse_args()
    size = (round(FULL[0] * options.scale), round(FULL[1] * options.scale))
    with tempfile.TemporaryDirectory() as folder:
        work = options.keep or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        if not options.reuse:
            render_both(size, options.samples, options.threads, work)
        back = b.read_exr(str(work / "back.exr"))
        front = calmed(b.read_exr(str(work / "front.exr")), b.read_exr(str(work / "mug.exr")))
    alpha = np.clip(front[..., 3], 0, 1)
    joined = front[..., :3] + (1 - alpha[..., None]) * enlarged(back, size)
    options.out.mkdir(parents=True, exist_ok=True)
    photo = developed(joined, np.random.default_rng(1), exposure=1.05)
    Image.fromarray(photo).save(options.out / "photo.jpg", quality=options.quality, optimize=True, dpi=(300, 300))
    Image.fromarray(np.round(alpha * 255).astype(np.uint8)).save(options.out / "photo.alpha.png", optimize=True)


if __name__ == "__main__":
    main()
