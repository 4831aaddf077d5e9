"""Hooks of the site: README.md is its front page, and links to files outside of docs/ lead to the repository."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
#: page of the site -> file of the repository that it shows
FRONT = {"index.md": "README.md", "zh/index.md": "README.zh-CN.md"}
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Adds the front pages, which do not lie in docs/."""
    for page, readme in FRONT.items():
        files.append(File.generated(config, page, content=(ROOT / readme).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Leads links to pages of the site, also those that name the repository, and all others to the repository."""
    source = page.file.src_uri
    repository = f"{str(config['repo_url']).rstrip('/')}/"

    def led(match: re.Match[str]) -> str:
        head, target, anchor = match.group(1), match.group(2), match.group(3) or ""
        path = _in_repository(source, target, repository)
        if path is None:
            return match.group(0)
        for front, readme in FRONT.items():
            if path == readme:
                return f"{head}{_relative(source, front)}{anchor})"
        if path.startswith("docs/") and (ROOT / path).is_file() and not path.endswith(".py"):
            return f"{head}{_relative(source, path.removeprefix('docs/'))}{anchor})"
        return f"{head}{repository}{'tree' if (ROOT / path).is_dir() else 'blob'}/main/{path}{anchor})"

    return _LINK.sub(led, markdown)


def _in_repository(source: str, target: str, repository: str) -> str | None:
    """The path in the repository that a link of the page ``source`` names; None when it leads elsewhere."""
    for kind in ("blob/main/", "tree/main/", "raw/main/"):
        if target.startswith(repository + kind):
            return target.removeprefix(repository + kind)
    if ":" in target:
        return None
    parts: list[str] = [] if source in FRONT else list(PurePosixPath("docs", source).parent.parts)
    for part in PurePosixPath(target).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _relative(source: str, target: str) -> str:
    return "../" * (len(PurePosixPath(source).parts) - 1) + target
