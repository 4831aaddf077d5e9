"""The embedded default: a network of this project's own, in the package in three graphs.

``locator-encoder.onnx`` looks at the photo, ``locator-hints.onnx`` at what was pointed at, and ``locator-decoder.onnx``
answers: see ``network/hinted.py``.
"""

from __future__ import annotations

import hashlib
from functools import cache

from gigamatte.network.cards.card import ModelCard
from gigamatte.network.cards.embedded import embedded_network
from gigamatte.network.cards.onnx_file import read_header

NAME = "locator"
#: its graphs
PARTS = ("encoder", "hints", "decoder")
#: The error of its contours' place, σ in pixels of its answer: larger than its soft edges show. Chosen on scenes of
#: things and places that were not used in training (docs/design/matte.md).
STRAY = 2.5
#: The margin of the second look, a part of the subject's longer side: of 442 held-out pictures .12 is ahead of .25 and
#: .45 by .003, on nearly every set (docs/models/README.md).
CLOSER = 0.12


def locator_bytes(part: str) -> bytes:
    """One of its ONNX files: encoder, hints or decoder. Raises NetworkUnavailable when the installation lacks it.

    encoder: ``pixels`` float32 (1, 3, S, S) -> maps at strides 2, 4, 8, 16 and 32; hints: ``hints`` (1, 3, S, S) ->
    what they add at strides 32, 16, 8 and 4; decoder: those maps and additions -> ``logits`` (1, 1, S, S).
    """
    return embedded_network("gigamatte.network.cards", f"locator-{part}.onnx")


@cache
def locator_card() -> ModelCard:
    """Its card; size and digest (of all three files, one after another) are those of what is installed."""
    files = [locator_bytes(part) for part in PARTS]
    header = read_header(files[0])
    _, shape = header.inputs[header.image_input]
    return ModelCard(
        name=NAME,
        family="locator",
        licence=header.metadata.get("licence", "Apache-2.0"),
        size=shape[2] or 416,
        output="sigmoid" if header.metadata.get("output") == "sigmoid" else "logits",
        file=f"locator-{PARTS[0]}.onnx",
        parts=tuple(f"locator-{part}.onnx" for part in PARTS[1:]),
        mirrored=True,
        closer=CLOSER,
        stray=STRAY,
        opaque=True,
        answers="contour",
        bytes=sum(len(data) for data in files),
        sha256=hashlib.sha256(b"".join(files)).hexdigest(),
        tags=("embedded", "fast", "hints"),
        about="embedded default: finds the subject anywhere, takes hints, nothing to download",
    )
