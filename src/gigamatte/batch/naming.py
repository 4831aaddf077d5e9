"""Names results by a template, and finds another name when two photos would get the same one."""

from __future__ import annotations

import hashlib
import os
import string
import unicodedata
from collections.abc import Iterator

from gigamatte.batch.films import as_film, is_film
from gigamatte.batch.lists.wanted import SUFFIXES
from gigamatte.errors import UsageError
from gigamatte.options import Options
from gigamatte.own_files import sha256_of_text

#: bytes of a file's name, at most
LONGEST = 255
_FIELDS = ("stem", "name", "suffix")
_ENDINGS = {"png": "png", "webp": "webp", "tiff": "tif", "jpeg": "jpg", "avif": "avif", "psd": "psd"}
_ENDINGS |= {"svg": "svg", "dxf": "dxf"}


def default_template(options: Options) -> str:
    """``{stem}.cutout.png``, with what is written and its format as the options say.

    A pair's files say themselves what they are: ``{stem}.png`` becomes ``a.colour.png`` and ``a.alpha.png``.
    """
    kind = "" if options.only == "pair" else f".{options.only}"
    return f"{{stem}}{kind}.{_ENDINGS[_format(options)]}"


def _format(options: Options) -> str:
    return options.format or ("svg" if options.only == "path" else "png")


def with_suffix(template: str, options: Options) -> str:
    """The template, with the format's suffix where it makes names without any: ``{stem}`` becomes ``{stem}.png``."""
    sample = check_template(template).format(stem="a", name="a.jpg", suffix="jpg")
    return template if os.path.splitext(sample)[1] else f"{template}.{_ENDINGS[_format(options)]}"


def check_template(template: str) -> str:
    """The template itself. Raises UsageError unless it makes a plain file name out of {stem} or {name}."""
    try:
        fields = {field for _, field, *_ in string.Formatter().parse(template) if field is not None}
        sample = template.format(stem="a", name="a.jpg", suffix="jpg")
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise UsageError(
            f"--name {template!r} is not a template: {error}", "for example '{stem}.cutout.png'"
        ) from error
    if not fields <= set(_FIELDS) or not fields & {"stem", "name"}:
        raise UsageError(f"--name needs {{stem}} or {{name}}, and may have {{suffix}}; found {template!r}")
    if "/" in sample or "\\" in sample or sample.startswith(".") or "\0" in sample:
        raise UsageError(f"--name makes a file's name, not a path or a hidden file; found {template!r}")
    return template


def candidates(key: str, template: str) -> Iterator[str]:
    """Keys of results for the photo ``key``, best first; the last one belongs to no other photo.

    ``a.jpg`` gets ``a.cutout.png``; ``a.png`` beside it ``a.png.cutout.png``. A name that would be longer than a file
    system takes is cut, and told apart by eight digits.
    """
    folder, name = _split(key)
    stem, suffix = stem_of(name), os.path.splitext(name)[1].removeprefix(".")
    digest = sha256_of_text(key)[:8]

    def made(word: str) -> str:
        # {name} tells photos apart already, unless case alone does
        distinct = word if word.endswith(f"~{digest}") else name
        return as_film(template.format(stem=word, name=distinct, suffix=suffix), name)

    for word in dict.fromkeys((stem, name)):
        if _has_room(made(word)):
            yield folder + made(word)
    short = name
    while short and not _has_room(made(f"{short}~{digest}")):
        short = short[:-1]
    yield folder + made(f"{short}~{digest}")


def _has_room(name: str) -> bool:
    return len(name.encode("utf-8", "surrogateescape")) <= LONGEST


def distinct(key: str, place: str) -> str:
    """Another key, for a photo at ``place`` whose own key belongs to a photo elsewhere."""
    folder, name = _split(key)
    stem, suffix = os.path.splitext(name)
    return f"{folder}{stem}~{sha256_of_text(place)[:8]}{suffix}"


def folded(key: str) -> str:
    """The same for two names that some file system cannot tell apart: in case, or in how accents are written."""
    return unicodedata.normalize("NFC", key).casefold()


def shard_of(key: str, shards: int, *, whole_folders: bool = False) -> int:
    """Which of ``shards`` (counted from 0) a photo belongs to. Photos whose results could collide belong together.

    ``whole_folders``: all photos of a folder belong together, however many they are.
    """
    folder, name = _split(key)
    together = folder if whole_folders else folder + stem_of(name)
    digest = hashlib.sha256(folded(together).encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") % shards


def _split(key: str) -> tuple[str, str]:
    folder, slash, name = key.rpartition("/")
    return folder + slash, name


def stem_of(name: str) -> str:
    """A name without suffixes of pictures and films; other dots are its own: ``IMG.0001.jpg`` is ``IMG.0001``."""
    stem, suffix = os.path.splitext(name)
    while stem and (suffix.lower() in SUFFIXES or is_film(name)):
        name = stem
        stem, suffix = os.path.splitext(name)
    return name
