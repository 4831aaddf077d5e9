"""A checkpoint described as data: to add a network, add a card; no new class is needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from gigamatte.errors import UsageError
from gigamatte.types import Answers, Size

#: what an answer's values mean; auto: alpha when they all lie in 0…1, logits when some are negative, else refused
Output = Literal["logits", "sigmoid", "auto"]
PatchOrder = Literal["old", "new"]
Build = Literal["onnx", "birefnet-swin-l", "birefnet-swin-l24", "birefnet-swin-t", "ben2"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """One checkpoint: where it comes from, what it may be used for, what goes in and what comes out.

    ``size`` is the side of the square that the network was trained on, in pixels; ``sides`` (lowest, highest) is set
    for networks that take other shapes too. ``mean`` and ``std`` apply to RGB in [0, 1].
    """

    name: str
    family: str
    licence: str
    size: int
    output: Output
    commercial: bool = True
    #: the weights need an accepted form and a token
    gated: bool = False
    #: Hugging Face repository and revision; or one plain URL
    repo: str | None = None
    revision: str | None = None
    url: str | None = None
    file: str = ""
    #: names of further files beside it that belong to the network; ``bytes`` and ``sha256`` are those of all, in order
    parts: tuple[str, ...] = ()
    #: a file that is already on this machine (user cards)
    path: Path | None = None
    bytes: int | None = None
    #: None: taken from the hub when the file is fetched, recorded, and verified ever after
    sha256: str | None = None
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    #: onnx: run as it is; otherwise the graph is built from a safetensors file
    build: Build = "onnx"
    patch_order: PatchOrder = "new"
    #: width and height must be multiples of it
    multiple: int = 32
    #: whether it is run on the mirrored photo too, and both answers averaged: twice the time for a more exact mask
    mirrored: bool = False
    #: margin of a second look at the subject, as a part of the subject's longer side; 0: no second look
    closer: float = 0.0
    #: the error of its contours' place, a σ in pixels of its answer; 0: no larger than the width of its soft edges
    stray: float = 0.0
    #: whether it was trained on opaque subjects only: an alpha between, away from the contour, means doubt, not glass
    opaque: bool = False
    #: matte: its alpha is kept; contour: it only says where the contour runs; None: measured on every photo
    answers: Answers | None = None
    sides: tuple[int, int] | None = None
    #: the photo keeps its aspect: it fills the longer side, from the top left corner, and the rest is black
    letterbox: bool = False
    tags: tuple[str, ...] = ()
    about: str = ""
    #: what is uncertain about its correct use: a warning says so whenever it is used
    note: str = ""
    #: rank for ``--model auto`` among installed networks, higher first; 0: never chosen by itself
    rank: int = 0

    def __post_init__(self) -> None:
        def need(fits: bool, what: str) -> None:
            if not fits:
                raise UsageError(f"model card {self.name!r}: {what}")

        need(
            re.fullmatch(r"[a-z0-9][a-z0-9._-]*", self.name) is not None, "a name is lower-case letters, digits, . _ -"
        )
        need(32 <= self.size <= 8192, f"size lies in 32…8192, found {self.size}")
        need(
            self.multiple >= 1 and self.size % self.multiple == 0,
            f"size {self.size} is not a multiple of {self.multiple}",
        )
        need(self.output in get_args(Output), f"output is logits, sigmoid or auto, found {self.output!r}")
        need(
            self.answers in (None, *get_args(Answers)),
            f"answers is one of {', '.join(get_args(Answers))}, found {self.answers!r}",
        )
        need(0 <= self.closer <= 1, f"closer lies in 0…1, found {self.closer}")
        need(self.build in get_args(Build), f"build is one of {', '.join(get_args(Build))}, found {self.build!r}")
        need(self.patch_order in get_args(PatchOrder), f"patch_order is old or new, found {self.patch_order!r}")
        need(len(self.mean) == len(self.std) == 3 and min(self.std) > 0, "mean and std are 3 numbers, std above 0")
        need(
            re.fullmatch(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*|", self.file) is not None,
            f"file {self.file!r} leaves its folder",
        )
        need(self.url is None or self.url.startswith(("https://", "http://")), f"url is http(s), found {self.url!r}")
        need(self.sha256 is None or re.fullmatch("[0-9a-f]{64}", self.sha256) is not None, "sha256 is 64 hex digits")

    @property
    def source(self) -> str:
        """Where its file comes from, for people."""
        if self.path:
            return str(self.path)
        # user cards without any of these are refused when they are read
        return self.url or (f"{self.repo}/{self.file}" if self.repo else "embedded")

    def input_size(self, photo: Size) -> Size:
        """The input size for a photo (or region) of this size: the network's square, or the nearest shape it takes."""
        if self.sides is None:
            return Size(self.size, self.size)
        # keep the area of the trained square and the photo's shape, within the sides that were trained
        low, high = self.sides
        aspect = photo.width / photo.height

        def side(wanted: float) -> int:
            return min(max(round(wanted / self.multiple) * self.multiple, low), high)

        return Size(side(self.size * aspect**0.5), side(self.size / aspect**0.5))
