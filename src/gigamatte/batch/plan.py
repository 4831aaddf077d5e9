"""The plan of a batch, checked before it begins; and the place of its manifest."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gigamatte.batch.films import refuse_mask
from gigamatte.batch.limits import Limits
from gigamatte.batch.lists.named import STDIN
from gigamatte.batch.lists.sources import root_of
from gigamatte.batch.naming import default_template, with_suffix
from gigamatte.batch.places import exists, has_entries, is_uri, join, local, stamp_of
from gigamatte.batch.task import Source
from gigamatte.clipping import path_named
from gigamatte.cutout.backdrop import check_backdrop, names_no_file
from gigamatte.cutout.backdrop_picture import decode_picture
from gigamatte.cutout.target import check_seen_through, output_format
from gigamatte.errors import GigamatteError, MissingInput, UsageError, WriteError
from gigamatte.folders import state_folder
from gigamatte.options import UNCUT, Format, Options
from gigamatte.own_files import sha256_of_text
from gigamatte.photo.mask import check_mask

#: where a photo's mask may be found in a folder of masks
_MASK_SUFFIXES = (".png", ".webp", ".tif", ".tiff", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Plan:
    """IN, OUT, and how photos are cut. Raises UsageError for values that do not fit."""

    #: folder, list file, glob pattern, one photo, or a URI
    source: str
    #: folder or URI
    out: str
    options: Options
    pattern: str | None = None
    #: look for new photos, every so many seconds, until it is stopped
    watch: bool = False
    every: float = 2.0
    #: only the photos that are marked for it in the review
    redo: bool = False
    #: of an inventory that is IN: the column with the photos; None = by its name
    column: str | None = None
    #: template of results' names; None = by the options
    name: str | None = None
    #: folder or URI with a mask for every photo, under the photo's own relative path; any picture suffix
    masks: str | None = None
    #: (i, n), i from 1
    shard: tuple[int, int] = (1, 1)
    overwrite: bool = False
    retry_failed: bool = False
    recheck: bool = False
    limits: Limits = field(default_factory=Limits)
    #: folder of the manifest; None = in OUT, or on this machine when OUT is a URI
    manifest: Path | None = None
    #: the photos of IN that are meant; None = all
    listed: tuple[Source, ...] | None = None

    def __post_init__(self) -> None:
        for what, said in (("IN", self.source), ("OUT", self.out)):
            if not said.strip():
                raise UsageError(f"{what} is empty: expected the name of a folder", "a variable that is not set?")
        first, last = self.shard
        if not 1 <= first <= last:
            raise UsageError(f"--shard is i/n with 1 ≤ i ≤ n, found {first}/{last}")
        if self.watch and self.source == STDIN:
            raise UsageError("--watch looks again and again, and standard input is read once", "name a folder")
        if self.watch and self.redo:
            raise UsageError("--watch and --redo exclude each other")
        if self.every <= 0:
            raise UsageError(f"--every is above 0 seconds, found {self.every:g}")
        if self.options.keep_times and is_uri(self.out):
            raise UsageError(
                "--keep-times sets the times of files, which objects in a bucket have not", "name a folder"
            )
        format = output_format(self.options, Path(self.template.format(stem="a", name="a.jpg", suffix="jpg")))
        self._check_background(format)
        root = root_of(self.source)
        if root is not None and _same(root, self.out):
            raise UsageError(
                f"{self.out} is the input folder: results would be mixed with sources", "name another output folder"
            )

    def _check_background(self, format: Format | None) -> None:
        """One that cannot be opened would fail for every photo."""
        said, options = self.options.background, self.options
        if format is not None and said is not None and said != UNCUT:
            check_seen_through(format, check_backdrop(said, options.max_pixels, options.background_fit))

    def check_files(self) -> None:
        """Look at the files that the options name for all photos: each photo would fail on a wrong one. Raises
        MissingInput, UnsupportedInput, BudgetExceeded."""
        options = self.options
        if path_named(options.mask) is None and options.mask is not None:
            check_mask(options.mask, max_pixels=options.max_pixels)
        for strokes in (options.keep, options.drop):
            if strokes is not None:
                check_mask(strokes, max_pixels=options.max_pixels, strokes=True)
        ground = options.background
        if ground not in (None, UNCUT) and not names_no_file(ground):
            decode_picture(ground, options.max_pixels)
        if self.masks is not None and not has_entries(self.masks):
            raise MissingInput(f"{self.masks} is empty", "expected a mask for each photo, under the photo's name")

    @property
    def template(self) -> str:
        """The template of results' names."""
        return with_suffix(self.name, self.options) if self.name else default_template(self.options)

    @property
    def needs_network(self) -> bool:
        """Whether photos are found by a network: there is no mask for them."""
        return self.options.mask is None and self.masks is None

    @property
    def pair(self) -> bool:
        """Whether a result is two files."""
        return self.options.only == "pair"

    @property
    def manifest_folder(self) -> Path:
        """``OUT/.gigamatte``; for a URI a folder of this user's, chosen by the URI."""
        return self.manifest or manifest_folder(self.out)

    def place(self, target: str) -> str:
        """Absolute path or URI of a result's key."""
        return join(self.out if is_uri(self.out) else str(local(self.out)), target)

    def mask_of(self) -> Callable[[str], str | None]:
        """Finds the mask of a photo by its key. The finder raises MissingInput where there is none."""
        masks = self.masks
        if masks is None:
            return lambda _: None

        def find(key: str) -> str:
            refuse_mask(key)
            stem = os.path.splitext(key)[0]
            for name in (*(stem + suffix for suffix in _MASK_SUFFIXES), *(key + suffix for suffix in _MASK_SUFFIXES)):
                if exists(place := join(masks if is_uri(masks) else str(local(masks)), name)):
                    return place
            raise MissingInput(f"{key} has no mask in {masks}", f"expected {stem}.png, or another picture suffix")

        return find

    def listing_hash(self, config: str) -> str:
        """Of which photos there are, the options (``config``) and names that they get; "" where that may change by the
        minute. A run of the same hash goes on where the one before was."""
        if self.watch or self.redo or self.source == STDIN or self.listed is not None:
            return ""
        stamp = ""
        if root_of(self.source) is None:  # a list: its content tells which photos there are
            with contextlib.suppress(GigamatteError):
                stamp = stamp_of(self.source)[1]
        wish = (self.source, stamp, self.pattern, self.column, self.shard, self.template, self.pair, config)
        return sha256_of_text(json.dumps(wish))

    def make_folders(self) -> None:
        """Make OUT and the manifest's folder. Raises WriteError."""
        folders = [self.manifest_folder] if is_uri(self.out) else [local(self.out), self.manifest_folder]
        for folder in folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise WriteError(f"the folder {folder} cannot be made: {error.strerror}") from error


def manifest_folder(out: str) -> Path:
    """Where the manifest of OUT lies unless another folder was named."""
    if not is_uri(out):
        return local(out) / ".gigamatte"
    digest = sha256_of_text(out.rstrip("/"))[:16]
    return state_folder("batch") / digest


def _same(root: str, out: str) -> bool:
    if is_uri(root) or is_uri(out):
        return root.rstrip("/") == out.rstrip("/")
    return local(root).resolve() == local(out).resolve()
