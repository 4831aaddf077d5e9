"""The embedded default: a small network of this project's own, in the package as ``locator.onnx``."""

from __future__ import annotations

import hashlib
from functools import cache

from gigamatte.network.cards.card import ModelCard
from gigamatte.network.cards.embedded import embedded_network
from gigamatte.network.cards.onnx_file import read_header

NAME = "locator"
#: A small network is surer of its contours than they deserve: σ in pixels of its answer. Chosen on scenes of things and
#: places that it never saw (docs/design/matte.md).
STRAY = 2.5
#: A second look at the subject and a quarter of its length around it: better on every set of held-out pictures but one,
#: people, which stays as it is (docs/models/README.md).
CLOSER = 0.25


def locator_bytes() -> bytes:
    """The ONNX file: input ``pixels`` float32 (1, 3, S, S), output ``logits`` (1, 1, S, S).

    Raises NetworkUnavailable when the installation lacks it.
    """
    return embedded_network("gigamatte.network.cards", "locator.onnx")


@cache
def locator_card() -> ModelCard:
    """Its card; size and digest are those of the file that is installed."""
    header = read_header(locator_bytes())
    _, shape = header.inputs[header.image_input]
    return ModelCard(
        name=NAME,
        family="locator",
        licence=header.metadata.get("licence", "Apache-2.0"),
        size=shape[2] or 320,
        output="sigmoid" if header.metadata.get("output") == "sigmoid" else "logits",
        file="locator.onnx",
        mirrored=True,
        closer=CLOSER,
        stray=STRAY,
        opaque=True,
        bytes=len(locator_bytes()),
        sha256=hashlib.sha256(locator_bytes()).hexdigest(),
        tags=("embedded", "fast"),
        about="embedded default: finds the subject anywhere, nothing to download",
    )
