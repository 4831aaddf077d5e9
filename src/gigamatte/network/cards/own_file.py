"""Makes a card for a user's own ONNX file: from its own metadata, from its family, and from assumptions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gigamatte.errors import WeightsRefused
from gigamatte.network.cards.card import IMAGENET_MEAN, IMAGENET_STD, ModelCard, Output
from gigamatte.network.cards.families import HALF, NOUGHT, ONE, Family, Triple, family_of, refuse_other_tasks
from gigamatte.network.cards.onnx_header import OnnxHeader, described

#: a side that is free is between these parts of the side that was trained
SHORTEST, LONGEST = 0.25, 2.25

_KNOWN = {
    (IMAGENET_MEAN, IMAGENET_STD): "as for ImageNet",
    (HALF, ONE): "to -0.5…0.5",
    (HALF, HALF): "to -1…1",
    (NOUGHT, ONE): "to 0…1",
}


@dataclass(frozen=True)
class OwnFile:
    """The card that a file gets, what has to be said about it, and the (rows, columns) that it fixes."""

    card: ModelCard
    notices: tuple[str, ...]
    #: what was assumed, in one line; empty where the file says everything itself
    assumed: str
    fixed: tuple[int | None, int | None]


def read_own_file(path: Path, header: OnnxHeader, digest: str, normal: tuple[Triple, Triple] | None = None) -> OwnFile:
    """The card of a user's own file; ``normal`` (mean, deviation) is what the user says about its normalisation.

    Raises WeightsRefused where it cannot answer where the subject is.
    """
    refuse_other_tasks(path.name, header)
    rows, columns = header.inputs[header.image_input][1][2:]
    _refuse_sides(path.name, header)
    _refuse_answer(path.name, header)
    metadata, family = header.metadata, family_of(header)
    output = _output(header, family)
    mean, std = normal or _normalisation(header, family)
    free = rows is None or columns is None
    size = rows or columns or (family.size if family else 1024)
    card = ModelCard(
        name=re.sub("[^a-z0-9._-]", "-", path.stem.lower()).lstrip("._-") or "file",
        family="user",
        licence=metadata.get("licence", "unknown"),
        commercial=metadata.get("commercial") != "false",
        size=size,
        output=output,
        path=path,
        sha256=digest,
        # some networks halve the photo and then shrink it by a factor of 32: their sides must be multiples of 64
        multiple=(family.multiple if family else 64) if free and size % 64 == 0 else 1,
        sides=(round(size * SHORTEST), round(size * LONGEST)) if free else None,
        letterbox=family is not None and family.letterbox,
        mean=mean,
        std=std,
    )
    assumed = _assumed(path.name, card, family, metadata)
    notices = [f"{path.name} is your own file: not one that gigamatte verifies", *([assumed] if assumed else [])]
    if metadata.get("verified") == "false":
        notices.append(f"{path.name} was built from weights that are not those of {metadata.get('card')}")
    return OwnFile(card, tuple(notices), assumed, (rows, columns))


def _output(header: OnnxHeader, family: Family | None) -> Output:
    output = header.metadata.get("output")
    if output in ("logits", "sigmoid"):
        return cast(Output, output)
    if header.last_operator == "Sigmoid":
        return "sigmoid"
    return (family.output if family else None) or "auto"


def _normalisation(header: OnnxHeader, family: Family | None) -> tuple[Triple, Triple]:
    mean, std = (family.mean, family.std) if family else (IMAGENET_MEAN, IMAGENET_STD)
    return _triple(header.metadata.get("mean"), mean), _triple(header.metadata.get("std"), std)


def _triple(text: str | None, otherwise: Triple) -> Triple:
    """Three numbers from a file's metadata."""
    try:
        first, second, third = map(float, (text or "").split())
    except ValueError:
        return otherwise
    return first, second, third


def _assumed(name: str, card: ModelCard, family: Family | None, metadata: dict[str, str]) -> str:
    if "output" in metadata and "mean" in metadata:
        return ""
    answer = {"logits": "logits", "sigmoid": "alpha", "auto": "alpha or logits by their values"}[card.output]
    normal = normalised_as(card.mean, card.std)
    if family is None:
        return f"{name} does not say how it is used: normalised {normal}, its answers taken as {answer}"
    line = f"{name} looks like {family.name}: normalised {normal}, its answers taken as {answer}"
    return f"{line}; {family.note}" if family.note else line


def normalised_as(mean: Triple, std: Triple) -> str:
    """How pictures are normalised, in a few words."""
    numbers = "/".join(",".join(f"{value:g}" for value in triple) for triple in (mean, std))
    return _KNOWN.get((mean, std), f"by {numbers}")


def _refuse_sides(name: str, header: OnnxHeader) -> None:
    source = header.image_input
    sides = [side for side in header.inputs[source][1][2:] if side is not None]
    if not all(32 <= side <= 8192 for side in sides):
        raise WeightsRefused(f"{name} takes {described({source: header.inputs[source]})}: sides lie in 32…8192")


def _refuse_answer(name: str, header: OnnxHeader) -> None:
    """What is known of the answer's shape before it is run: one map, however large."""
    number = header.answers[0]
    output, (_, shape) = list(header.outputs.items())[number]
    channels = shape[1] if len(shape) == 4 else None
    if channels not in (1, None) or len(shape) == 1 or (len(shape) > 2 and (shape[0] or 1) > 1):
        raise WeightsRefused(
            f"{name} answers {described({output: header.outputs[output]})}, which is no alpha: "
            f"it takes {described(header.inputs)}",
            "expected an answer of (1, 1, H, W): with several classes, export the probability of the subject alone",
        )
