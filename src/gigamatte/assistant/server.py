"""Four tools and the pictures below the user's folders, served with the protocol's own SDK.

Photos are cut in a child process that is watched, as the service and the batch do: a photo that crashes it costs
itself only. Nothing but the protocol is written to standard output.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import anyio
import anyio.to_thread
from mcp import types
from mcp.server.mcpserver import Context, MCPServer, ResourceSecurity
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field, ValidationError

from gigamatte import __version__
from gigamatte.assistant.answers import failed, linked, media_of, preview, result, whole
from gigamatte.assistant.folders import Folders
from gigamatte.batch.overview import manifests_of, standing_of, together
from gigamatte.cutout.backdrop import names_no_file
from gigamatte.errors import GigamatteError, InputError, UsageError
from gigamatte.flaws import flaw_of, unknown_name
from gigamatte.hints import Hints
from gigamatte.options import Options
from gigamatte.types import Box, Receipt
from gigamatte.worker.supervisor import Supervisor
from gigamatte.worker.wire import Job
from gigamatte.workflow.compare import compare
from gigamatte.workflow.inspect import inspect_photo

#: pixels of a photo that an assistant may open
MAX_PIXELS = 300_000_000
LOOK_EVERY = 0.2

Photo = Annotated[str, Field(description="path of the photo: JPEG, PNG, WebP, TIFF, AVIF, HEIC or PSD")]
Output = Annotated[str | None, Field(description="path of the result; absent: beside the photo")]
Overwrite = Annotated[bool, Field(description="replace the output if it is there; the photo itself never is")]
Points = Annotated[list[list[float]] | None, Field(description="places [x, y] of the subject, in upright photo pixels")]
Model = Annotated[str, Field(description="auto, or the name of an installed network")]


def serve(folders: Folders, *, model: str = "auto", device: str = "auto") -> None:
    """Answer on standard input and output until the client closes them."""
    with Supervisor(Options(model=model, device=device)) as supervisor:
        build(folders, supervisor, model=model, device=device).run("stdio")


def build(folders: Folders, supervisor: Supervisor, *, model: str = "auto", device: str = "auto") -> Server:
    """The server, its tools and its resources."""
    tools = Tools(folders, supervisor, model, device)
    server = Server(
        "gigamatte",
        version=__version__,
        instructions=(
            "Cuts the background out of photos at their own resolution. Files lie below these folders only: "
            f"{folders}. Names without a folder are looked for in the first. Show the preview, name the file."
        ),
        log_level="WARNING",
    )
    for tool, changes in (
        (tools.cut, True),
        (tools.inspect, False),
        (tools.compare, True),
        (tools.batch_status, False),
    ):
        notes = types.ToolAnnotations(read_only_hint=not changes, destructive_hint=False, open_world_hint=False)
        server.add_tool(tool, annotations=notes, structured_output=False)
    anywhere = ResourceSecurity(reject_path_traversal=True, reject_absolute_paths=False, reject_null_bytes=True)
    register = server.resource(
        "file://{+path}", name="picture", description="a picture below the folders", security=anywhere,
        mime_type="application/octet-stream",
    )  # fmt: skip
    register(tools.picture)
    return server


class Server(MCPServer[Any]):  # type: ignore[misc]
    """Refuses arguments that a tool does not have, which the SDK leaves out, and what it refuses, in one line."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any] | None = None
    ) -> types.CallToolResult | types.InputRequiredResult:
        """The answer of a tool."""
        known = next((tool.input_schema["properties"] for tool in await self.list_tools() if tool.name == name), None)
        unknown = [] if known is None else [one for one in arguments if one not in known]
        if unknown:
            return failed(
                UsageError(unknown_name(unknown[0], known or ()), f"its arguments are {', '.join(known or ())}")
            )
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            flaw = error.__cause__.errors()[0]
            where = ".".join(str(part) for part in flaw["loc"])
            return failed(UsageError(flaw_of(where, flaw) or f"{where}: {flaw['msg']}"))


class Tools:
    """What an assistant can ask for. Each method is a tool; its docstring and annotations are what the client sees."""

    def __init__(self, folders: Folders, supervisor: Supervisor, model: str, device: str) -> None:
        self._folders, self._supervisor = folders, supervisor
        self._model, self._device = model, device

    async def cut(
        self,
        ctx: Context[Any],
        photo: Photo,
        output: Output = None,
        format: Annotated[
            Literal["png", "webp", "tiff", "jpeg", "avif"] | None, Field(description="absent: by the output's name")
        ] = None,
        background: Annotated[
            str | None,
            Field(description="lay the subject on this: a colour, linear(white, grey), blur, or the path of a picture"),
        ] = None,
        keep_at: Points = None,
        drop_at: Annotated[Points, Field(description="places [x, y] that are not the subject")] = None,
        preset: Annotated[str | None, Field(description="what a shop asks for: amazon, taobao, id-small …")] = None,
        canvas: Annotated[
            str | None, Field(description="size of the result, with the subject in it: 2000x2000, 10x15cm@300")
        ] = None,
        fill: Annotated[str | None, Field(description="percent of the canvas that the subject takes")] = None,
        shadow: Annotated[str | None, Field(description="keep (the photo's own), contact or drop (drawn)")] = None,
        outline: Annotated[str | None, Field(description="a line around the subject: 12px,white")] = None,
        max_bytes: Annotated[int | None, Field(ge=100, description="make the file fit into so many bytes")] = None,
        only: Annotated[Literal["cutout", "alpha", "foreground"], Field(description="what to write")] = "cutout",
        crop: Annotated[bool, Field(description="crop to the subject")] = False,
        margin: Annotated[float, Field(ge=0, le=1000, description="room around a crop, percent")] = 0.0,
        box: Annotated[
            list[int] | None,
            Field(min_length=4, max_length=4, description="look only here: left, top, width, height in pixels"),
        ] = None,
        mask: Annotated[str | None, Field(description="path of a coarse mask in the network's place")] = None,
        model: Model = "auto",
        overwrite: Overwrite = False,
    ) -> types.CallToolResult:
        """Cut the background out of a photo, at the photo's own resolution, and write the result to a file."""
        try:
            source = self._folders.existing(photo)
            options = Options(
                model=self._network(model),
                format=format,
                background=self._backdrop(background),
                only=only,
                crop=crop,
                margin=margin,
                preset=preset,
                canvas=canvas,
                fill=fill,
                shadow=shadow,
                outline=outline,
                max_bytes=max_bytes,
                hints=_hints(keep_at, drop_at),
                box=None if box is None else _box(box),
                device=self._device,
                max_pixels=MAX_PIXELS,
            )
            target = self._target(source, output, format)
            given = None if mask is None else self._folders.existing(mask)
            _refuse(source, target, overwrite)
            receipt = await self._receipt(ctx, Job(source, target, options, mask=given, overwrite=overwrite))
        except GigamatteError as error:
            return failed(error)
        plain = {**receipt.as_dict(), "input": str(source), "output": str(target)}
        said = f"{target} was written: {receipt.width}×{receipt.height} pixels."
        return result(said, plain, *preview(target), linked(target))

    async def inspect(self, photo: Photo) -> types.CallToolResult:
        """Tell a photo's size, format and depth, and what a tool whose network sees 1024 pixels would lose of it."""

        def look() -> types.CallToolResult:
            path = self._folders.existing(photo)
            found = inspect_photo(path, max_pixels=MAX_PIXELS)
            said = f"{path.name}: {found.width}×{found.height} {found.format}, {found.bits} bits a channel."
            return result(said, found.as_dict(), *preview(path))

        return await _as_result(look)

    async def compare(
        self, photo: Photo, output: Output = None, model: Model = "auto", overwrite: Overwrite = False
    ) -> types.CallToolResult:
        """Cut a photo in four ways, measure them, and write a page that shows them side by side. Takes a while."""

        def measure() -> types.CallToolResult:
            source = self._folders.existing(photo)
            target = self._folders.new(output) if output else source.with_name(f"{source.stem}.compare.html")
            options = Options(model=self._network(model), device=self._device, max_pixels=MAX_PIXELS)
            found, page = compare(source, target, options=options, overwrite=overwrite)
            return result(f"{page} was written.", found.as_dict(), linked(page))

        return await _as_result(measure)

    async def batch_status(
        self, folder: Annotated[str, Field(description="OUT of a `gigamatte batch`")]
    ) -> types.CallToolResult:
        """Tell how far a batch is: photos done, waiting and failed, and why they failed."""

        def look() -> types.CallToolResult:
            out = self._folders.existing(folder)
            standing = together([standing_of(path) for path in manifests_of(str(out))])
            said = f"{standing.done} of {standing.photos} photos are done, {standing.failed} failed."
            return result(said, standing.as_dict())

        return await _as_result(look)

    def picture(self, path: str) -> bytes:
        """The bytes of a picture below the folders."""
        name = unquote(path)
        return whole(self._folders.existing(name[1:] if re.match(r"/[A-Za-z]:", name) else name))

    async def _receipt(self, ctx: Context[Any], job: Job) -> Receipt:
        """Wait for a photo, tell how far it is, and stop it when the client no longer wants it."""
        now = {"stage": "waiting", "fraction": 0.0}
        cutting = self._supervisor.submit(job, lambda stage, fraction: now.update(stage=stage, fraction=fraction))
        try:
            while not cutting.done():
                await ctx.report_progress(float(str(now["fraction"])), 1.0, str(now["stage"]))
                await anyio.sleep(LOOK_EVERY)
            return cutting.result()
        finally:
            cutting.cancel()

    def _network(self, name: str) -> str:
        if name == "auto":
            return self._model
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name) or name.endswith((".onnx", ".safetensors")):
            raise UsageError(f"model is the name of a network; found {name!r}", "gigamatte models list")
        return name

    def _backdrop(self, text: str | None) -> str | None:
        if text is None or names_no_file(text):
            return text
        path = self._folders.existing(text)
        if media_of(path) is None:
            raise InputError(f"{path.name} is no picture")
        return str(path)

    def _target(self, source: Path, output: str | None, format: str | None) -> Path:
        if output is not None:
            return self._folders.new(output)
        suffix = {"jpeg": "jpg", "tiff": "tif"}.get(format or "png", format or "png")
        return source.with_name(f"{source.stem}.cutout.{suffix}")


async def _as_result(work: Callable[[], types.CallToolResult]) -> types.CallToolResult:
    """What ``work`` tells, done in a thread."""
    try:
        return await anyio.to_thread.run_sync(work)
    except GigamatteError as error:
        return failed(error)


def _box(sides: list[int]) -> Box:
    left, top, width, height = sides
    if min(left, top) < 0 or min(width, height) < 1:
        raise UsageError(f"box is left, top, width, height in photo pixels; found {sides}")
    return Box(left, top, width, height)


def _hints(keep: list[list[float]] | None, drop: list[list[float]] | None) -> Hints | None:
    return Hints.from_plain({"keep": keep or [], "drop": drop or []}) if keep or drop else None


def _refuse(source: Path, target: Path, overwrite: bool) -> None:
    if target == source:
        raise UsageError(f"{target} is the photo itself", "name another output: a source is never replaced")
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists", "name another output, or set overwrite")
