"""The files that an assistant may use: those below the folders that the user has named, with all links resolved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gigamatte.errors import MissingInput, UsageError
from gigamatte.system import expanded


class Folders:
    """The folders, with every link resolved. Raises UsageError for one that is none."""

    def __init__(self, names: Sequence[str | os.PathLike[str]]) -> None:
        self._folders = []
        for name in names:
            folder = expanded(os.fspath(name)).resolve()
            if not folder.is_dir():
                raise UsageError(f"there is no folder {name}", "name folders whose photos the assistant may use")
            self._folders.append(folder)

    def __str__(self) -> str:
        return ", ".join(map(str, self._folders))

    def existing(self, name: str) -> Path:
        """A file or folder that is there. Raises MissingInput, for all that lies elsewhere too."""
        path = self._inside(name)
        if not path.exists():
            raise MissingInput(f"there is no file {name}", f"files are looked for below {self}")
        return path

    def new(self, name: str) -> Path:
        """A file that may be written. Raises MissingInput for a place elsewhere, or a folder that is not there."""
        path = self._inside(name)
        if not path.parent.is_dir():
            raise MissingInput(f"there is no folder {path.parent}", "make it first, or name another output")
        return path

    def _inside(self, name: str) -> Path:
        if "\0" in name:
            raise MissingInput("a name has no zero bytes")
        given = expanded(name)
        # a bare name is looked for below the first folder; what links lead to is what counts
        path = Path(os.path.realpath(given if given.is_absolute() else self._folders[0] / given))
        if not any(path == folder or path.is_relative_to(folder) for folder in self._folders):
            raise MissingInput(f"{name} is not below the folders that were named", f"they are {self}")
        return path
