"""The headings under which the help of `cut` and `batch` lists their many options, in the order of a person's work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typer.core import TyperCommand

#: heading → names of the parameters that are shared by `cut` and `batch`
_SHARED: Mapping[str, tuple[str, ...]] = {
    "The subject": (
        "keep_at", "drop_at", "hints", "box", "model", "kind", "mask", "mask_kind", "keep", "drop", "ignore_alpha",
        "normalise", "keep_empty",
    ),
    "Its edge": ("refine", "smooth", "hole_fill", "largest"),
    "Size and place": (
        "preset", "canvas", "aspect", "fill", "align", "no_enlarge", "consistent", "crop", "margin",
    ),
    "Around the subject": ("background", "background_fit", "relight", "shadow", "outline", "under"),
    "What is written": (
        "only", "format", "clipping_path", "offset", "quality", "palette", "max_bytes", "compress", "pyramid", "strip",
        "strip_gps", "keep_times",
    ),
}  # fmt: skip
#: of this machine, what cut and batch share
_MACHINE = ("device", "require_device", "device_memory", "threads", "max_pixels")
#: command → its headings, in the order of its help
SECTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cut": {
        "Files": ("out", "overwrite"),
        **_SHARED,
        "Films and animated pictures": ("start", "end", "every", "fps", "loop", "sticker"),
        "This machine": (*_MACHINE, "memory", "cache", "cache_size"),
        "What is said": ("json", "quiet", "help"),
    },
    "batch": {
        "Files": ("pattern", "column", "name", "overwrite"),
        **_SHARED,
        "Runs": ("retry_failed", "recheck", "redo", "watch", "every", "dry_run", "price", "manifest"),
        "Tar shards": ("results", "tar_photos", "tar_size"),
        "This machine": (*_MACHINE, "jobs", "memory", "timeout"),
        "Many machines": ("shard", "engine", "address", "actors", "gpus_each"),
        "What is said": ("report", "export", "metrics", "json", "quiet", "help"),
    },
}


def in_sections(command: str, parameters: Iterable[Any]) -> dict[str, list[Any]]:
    """Heading → options; those without a heading, and all of a command that has none, are under "Options"."""
    options = {one.name: one for one in parameters if one.param_type_name == "option"}
    found = {
        heading: [options.pop(name) for name in names if name in options]
        for heading, names in SECTIONS.get(command, {}).items()
    }
    return {heading: listed for heading, listed in (*found.items(), ("Options", list(options.values()))) if listed}


class Sectioned(TyperCommand):
    """A command whose help lists its options under headings."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments, then the options of each section, all in columns of one width."""
        arguments = [one for one in self.get_params(ctx) if one.param_type_name == "argument"]
        sections = in_sections(self.name or "", self.get_params(ctx))
        for heading, listed in {"Arguments": arguments, **sections}.items():
            rows = [one.get_help_record(ctx) for one in listed]
            shown = [row for row in rows if row is not None]
            if shown:
                with formatter.section(heading):
                    wide = 30 if len(sections) > 1 and heading != "Arguments" else 0
                    formatter.write_dl([(first.ljust(wide), second) for first, second in shown])
