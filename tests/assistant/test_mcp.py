"""``gigamatte mcp``, driven by the protocol's own client over real pipes."""

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("mcp", reason="the extra [mcp] is not installed")

import anyio
import mcp
from mcp import StdioServerParameters

from gigamatte.testing.networks import warm_colours
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size

PROGRAM = Path(sys.executable).parent / "gigamatte"

pytestmark = [
    pytest.mark.skipif(not PROGRAM.exists(), reason="the gigamatte command is not beside this Python"),
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture
def photos(tmp_path):
    """A folder of the user's with a photo, and one beside it that is not for the assistant."""
    folder, other = tmp_path / "photos", tmp_path / "private"
    for place in (folder, other):
        place.mkdir()
        Image.fromarray(made_photo(Size(400, 300)).photo).save(place / "photo.jpg", quality=95)
    (folder / "link.jpg").symlink_to(other / "photo.jpg")
    (folder / "notes.txt").write_text("not a picture")
    (tmp_path / "warm.onnx").write_bytes(warm_colours(64))
    return folder


def talk(folder, conversation):
    """Run a conversation with a server that may use ``folder``."""
    arguments = ["mcp", str(folder), "--model", str(folder.parent / "warm.onnx")]
    environment = {**os.environ, "GIGAMATTE_LANG": "en"}
    server = StdioServerParameters(command=str(PROGRAM), args=arguments, env=environment)

    async def main():
        with anyio.fail_after(120):
            async with mcp.Client(server) as client:
                return await conversation(client)

    return anyio.run(main)


def text_of(result):
    return next(part.text for part in result.content if part.type == "text")


def test_the_tools_are_described(photos):
    async def conversation(client):
        assert client.server_info.name == "gigamatte"
        assert str(photos) in client.instructions
        return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = talk(photos, conversation)
    assert set(tools) == {"cut", "inspect", "compare", "batch_status"}
    assert tools["inspect"].annotations.read_only_hint is True
    assert tools["cut"].annotations.read_only_hint is False
    properties = tools["cut"].input_schema["properties"]
    assert {"photo", "output", "format", "background", "crop", "box", "overwrite"} <= set(properties)
    assert all(one.get("description") for one in properties.values())


def test_cut_writes_a_file_and_shows_a_small_copy(photos):
    heard = []

    async def conversation(client):
        async def progress(done, total, message):
            heard.append((done, total, message))

        result = await client.call_tool("cut", {"photo": "photo.jpg", "crop": True}, progress_callback=progress)
        link = next(part for part in result.content if part.type == "resource_link")
        return result, await client.read_resource(link.uri)

    result, resource = talk(photos, conversation)
    assert not result.is_error, text_of(result)
    target = photos / "photo.cutout.png"
    with Image.open(target) as cutout:
        assert cutout.mode == "RGBA"
        assert cutout.width < 400
        receipt = result.structured_content
        assert (receipt["width"], receipt["height"]) == cutout.size
    assert receipt["output"] == str(target)
    assert json.loads(text_of(result).split("\n", 1)[1])["model"] == receipt["model"]
    shown = next(part for part in result.content if part.type == "image")
    with Image.open(io.BytesIO(base64.b64decode(shown.data))) as preview:
        assert max(preview.size) <= 320
    assert base64.b64decode(resource.contents[0].blob) == target.read_bytes()
    assert heard
    assert all(0 <= done <= total == 1 for done, total, _ in heard)


def test_cut_makes_what_a_shop_asks_for(photos):
    async def conversation(client):
        return [
            await client.call_tool("cut", {"photo": "photo.jpg", **asked})
            for asked in (
                {"output": "shop.jpg", "preset": "taobao"},
                {"output": "card.png", "canvas": "300x200", "fill": "50", "outline": "4px,white", "shadow": "drop",
                 "background": "linear(white, grey)", "max_bytes": 100_000, "keep_at": [[200, 150]]},
                {"output": "x.png", "preset": "taoba"},
                {"output": "x.png", "drop_at": [[5]]},
            )
        ]  # fmt: skip

    shop, card, mistyped, no_place = talk(photos, conversation)
    assert not shop.is_error, text_of(shop)
    assert not card.is_error, text_of(card)
    with Image.open(photos / "shop.jpg") as picture:
        assert (picture.size, picture.getpixel((1, 1))) == ((800, 800), (255, 255, 255))
    with Image.open(photos / "card.png") as picture:
        assert (picture.size, picture.mode) == ((300, 200), "RGB")
    placed = card.structured_content["placed"]
    assert max(placed["width"] / 300, placed["height"] / 200) == pytest.approx(0.5, abs=0.001)
    assert "was taobao meant?" in text_of(mistyped)
    assert no_place.is_error


def test_inspect_compare_and_batch_status(photos):
    out = photos / "out"
    command = [PROGRAM, "batch", photos / "photo.jpg", out, "--model", photos.parent / "warm.onnx"]
    subprocess.run(command, check=True, capture_output=True, timeout=120, env={**os.environ, "GIGAMATTE_LANG": "en"})

    async def conversation(client):
        return [
            await client.call_tool("inspect", {"photo": "photo.jpg"}),
            await client.call_tool("compare", {"photo": str(photos / "photo.jpg")}),
            await client.call_tool("batch_status", {"folder": "out"}),
        ]

    inspected, compared, status = talk(photos, conversation)
    assert inspected.structured_content["width"] == 400
    assert len(compared.structured_content["ways"]) == 4
    assert (photos / "photo.compare.html").stat().st_size > 10_000
    assert status.structured_content["done"] == 1
    assert "1 of 1 photos are done" in text_of(status)


def test_nothing_outside_the_folders_is_read_or_written(photos):
    private = photos.parent / "private"
    places = [str(private / "photo.jpg"), "../private/photo.jpg", "link.jpg", "/etc/passwd", "~/photo.jpg", "a\0b"]

    async def conversation(client):
        answers = [await client.call_tool("inspect", {"photo": place}) for place in places]
        asked = (
            {"output": str(private / "x.png")}, {"output": "../private/x.png"}, {"mask": places[0]},
            {"background": places[0]}, {"background": "notes.txt"}, {"model": "../warm.onnx"},
        )  # fmt: skip
        answers += [await client.call_tool("cut", {"photo": "photo.jpg", **more}) for more in asked]
        answers.append(await client.call_tool("batch_status", {"folder": str(private)}))
        refused = []
        for uri in ((private / "photo.jpg").as_uri(), "file:///etc/passwd", (photos / "notes.txt").as_uri(),
                    f"file://{photos}/../private/photo.jpg", (photos / "link.jpg").as_uri()):  # fmt: skip
            try:
                await client.read_resource(uri)
            except mcp.MCPError:
                refused.append(uri)
        return answers, refused

    answers, refused = talk(photos, conversation)
    assert all(answer.is_error for answer in answers), [text_of(answer) for answer in answers if not answer.is_error]
    assert len(refused) == 5
    assert list(private.iterdir()) == [private / "photo.jpg"]
    assert not (photos / "photo.cutout.png").exists()


def test_errors_are_sentences_and_nothing_is_replaced_unasked(photos):
    async def conversation(client):
        first = await client.call_tool("cut", {"photo": "photo.jpg"})
        return (
            first,
            [
                await client.call_tool("cut", {"photo": "photo.jpg"}),
                await client.call_tool("cut", {"photo": "photo.jpg", "output": "photo.jpg", "overwrite": True}),
                await client.call_tool("cut", {"photo": "notes.txt"}),
                await client.call_tool("cut", {"photo": "nowhere.jpg"}),
                await client.call_tool("cut", {"photo": "photo.jpg", "output": "x.png", "box": [9000, 9000, 10, 10]}),
                await client.call_tool("batch_status", {"folder": "."}),
            ],
            await client.call_tool("cut", {"photo": "photo.jpg", "overwrite": True}),
        )

    first, errors, again = talk(photos, conversation)
    assert not first.is_error
    assert not again.is_error
    for answer, words in zip(
        errors, ("exists", "photo itself", "notes.txt", "no file nowhere.jpg", "box", "no manifest"), strict=True
    ):
        assert answer.is_error
        assert words in text_of(answer)
        assert "--" not in text_of(answer)
        assert "Traceback" not in text_of(answer)


def test_arguments_that_no_tool_has_are_refused_in_one_line(photos):
    async def conversation(client):
        return [
            await client.call_tool("cut", {"photo": "photo.jpg", "backgroud": "white"}),
            await client.call_tool("cut", {"photo": "photo.jpg", "format": "bmp"}),
            await client.call_tool("cut", {"photo": "photo.jpg", "margin": -3}),
            await client.call_tool("cut", {"photo": "photo.jpg", "max_bytes": "small"}),
            await client.call_tool("cut", {}),
        ]

    answers = talk(photos, conversation)
    assert all(answer.is_error for answer in answers)
    said = [text_of(answer) for answer in answers]
    assert said[0].startswith("there is no option backgroud; was background meant? — its arguments are photo, output")
    assert said[1] == "format is one of png, webp, tiff, jpeg, avif; found 'bmp'"
    assert said[2] == "margin is at least 0; found -3"
    assert said[3] == "max_bytes is a whole number; found 'small'"
    assert said[4].startswith("photo")
    assert not any("\n" in one or "pydantic" in one for one in said)
    assert sorted(path.name for path in photos.iterdir()) == ["link.jpg", "notes.txt", "photo.jpg"]


def test_a_folder_that_is_none_is_one_line(tmp_path):
    done = subprocess.run(
        [PROGRAM, "mcp", tmp_path / "none"], capture_output=True, text=True, timeout=60,
        env={**os.environ, "GIGAMATTE_LANG": "en"}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 2
    assert "there is no folder" in done.stderr
    assert done.stdout == ""
