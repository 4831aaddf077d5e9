"""Materials: plain, thin, glowing, painted, hairy."""

from __future__ import annotations

from typing import Any

import bpy
from blender import RGB
from look import Look


def material(name: str, colour: RGB, *, roughness: float = 0.5, **inputs: Any) -> Any:
    """A Principled material; further inputs by their socket names with _ for a space."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    for key, value in inputs.items():
        shader.inputs[key.replace("_", " ")].default_value = value
    return made


def patterned(look: Look, colours: tuple[RGB, RGB] | None = None) -> Any:
    """Stripes, checks, spots, bricks or blotches of two colours, at a scale drawn at random."""
    rng = look.rng
    chosen: tuple[RGB, RGB] = colours or (look.colour(), look.colour())
    made = material("pattern", look.colour(), roughness=rng.uniform(0.2, 1.0))
    nodes, links = made.node_tree.nodes, made.node_tree.links
    kind = str(rng.choice(["Wave", "Checker", "Voronoi", "Noise", "Brick"]))
    texture, mix, place = nodes.new(f"ShaderNodeTex{kind}"), nodes.new("ShaderNodeMix"), nodes.new("ShaderNodeTexCoord")
    texture.inputs["Scale"].default_value = rng.uniform(2, 14)
    mix.data_type = "RGBA"
    first, second = (socket for socket in mix.inputs if socket.type == "RGBA")
    first.default_value, second.default_value = ((*colour, 1.0) for colour in chosen)
    links.new(place.outputs["Object"], texture.inputs["Vector"])
    links.new(texture.outputs["Distance" if kind == "Voronoi" else "Fac"], mix.inputs[0])
    links.new(
        next(socket for socket in mix.outputs if socket.type == "RGBA"), nodes["Principled BSDF"].inputs["Base Color"]
    )
    return made


def any_surface(look: Look) -> Any:
    """Patterned or plain, dull or glossy, drawn at random."""
    rng = look.rng
    return patterned(look) if rng.random() < 0.4 else material("plain", look.colour(), roughness=rng.uniform(0.1, 1))


def thin_material(name: str, colour: RGB, *, through: float = 0.45) -> Any:
    """A leaf or a thin cloth: reflects on one side and glows on the other."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    front, back, mix = (
        nodes.new(f"Shader{kind}") for kind in ("NodeBsdfDiffuse", "NodeBsdfTranslucent", "NodeMixShader")
    )
    front.inputs["Color"].default_value = (*colour, 1)
    back.inputs["Color"].default_value = (*(min(1.0, 1.6 * c) for c in colour), 1)
    mix.inputs["Fac"].default_value = through
    links.new(front.outputs[0], mix.inputs[1])
    links.new(back.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
    return made


def glow_material(name: str, colour: RGB, strength: float) -> Any:
    """A plain radiance: a path that meets it ends there, which makes it the cheapest thing to render."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    glow = nodes.new("ShaderNodeEmission")
    glow.inputs["Color"].default_value, glow.inputs["Strength"].default_value = (*colour, 1.0), strength
    links.new(glow.outputs[0], nodes["Material Output"].inputs["Surface"])
    made.cycles.emission_sampling = "NONE"
    return made


def painted_material(name: str) -> Any:
    """Glows in the colour of the `tint` attribute: for things whose light is worked out beforehand."""
    made = glow_material(name, (1, 1, 1), 1.0)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    tint = nodes.new("ShaderNodeAttribute")
    tint.attribute_name = "tint"
    links.new(tint.outputs["Color"], nodes["Emission"].inputs["Color"])
    return made


def hair_material(name: str, *, gloss: float = 0.14, roughness: float = 0.3) -> Any:
    """Hair whose colour comes from each strand's `tint`.

    Light scattered to both sides plus a faint sheen: a third of the cost and of the noise of a full fibre model.
    """
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    tint = nodes.new("ShaderNodeAttribute")
    tint.attribute_name = "tint"
    front, through = nodes.new("ShaderNodeBsdfDiffuse"), nodes.new("ShaderNodeBsdfTranslucent")
    sheen = nodes.new("ShaderNodeBsdfHair")
    sheen.inputs["RoughnessU"].default_value, sheen.inputs["RoughnessV"].default_value = roughness, 0.6
    both, all_three = nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeMixShader")
    both.inputs["Fac"].default_value, all_three.inputs["Fac"].default_value = 0.4, gloss
    links.new(tint.outputs["Color"], front.inputs["Color"])
    links.new(tint.outputs["Color"], through.inputs["Color"])
    links.new(front.outputs[0], both.inputs[1])
    links.new(through.outputs[0], both.inputs[2])
    links.new(both.outputs[0], all_three.inputs[1])
    links.new(sheen.outputs[0], all_three.inputs[2])
    links.new(all_three.outputs[0], nodes["Material Output"].inputs["Surface"])
    return made
