"""The preview page in a real browser, opened from disk: are the pixels on the screen the cutout's own?"""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gigamatte.types import Size
from gigamatte.viewer.page import viewer_page
from gigamatte.viewer.tiles import TILE, cut_into_tiles
from gigamatte.workflow.preview import preview

WIDTH, HEIGHT = 1500, 1100


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A photo with a soft disc as its subject, and the cutout of it."""
    folder = tmp_path_factory.mktemp("pictures")
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    alpha = np.clip((400 - np.hypot(x - WIDTH / 2, y - HEIGHT / 2)) / 40 + 0.5, 0, 1)
    colour = np.stack([200 + 0 * x, x / WIDTH * 255, y / HEIGHT * 255], axis=2)
    photo = colour * alpha[..., None] + np.array([20, 90, 40]) * (1 - alpha[..., None])
    rgba = np.dstack([colour * (alpha[..., None] > 0), alpha * 255]).round().astype(np.uint8)
    Image.fromarray(photo.round().astype(np.uint8)).save(folder / "photo.jpg", quality=95)
    Image.fromarray(rgba).save(folder / "cutout.png")
    return folder, rgba


def opened(page, path):
    page.goto(Path(path).resolve().as_uri())
    settled(page)


def settled(page):
    page.wait_for_function(
        "viewer.waiting === 0 && viewer.layers[viewer.right].bitmaps.size > 0"
        " && viewer.layers.every(layer => layer.loading.size === 0)"
    )


def screen(page):
    page.evaluate("for (const part of document.querySelectorAll('.gv-bar, .gv-status, .gv-tag')) part.remove()")
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)


def expected_on(rgba, background):
    alpha = rgba[..., 3:].astype(float) / 255
    return rgba[..., :3] * alpha + np.array(background) * (1 - alpha)


def centred(page, x, y):
    page.evaluate(f"viewer.centre = {{ x: {x}, y: {y} }}; viewer.redraw()")
    settled(page)


def canvas_frame(page):
    box = page.locator(".gv-canvas").bounding_box()
    return round(box["x"]), round(box["y"]), round(box["width"]), round(box["height"])


@pytest.mark.parametrize(("name", "background"), [("white", (255, 255, 255)), ("black", (0, 0, 0))])
def test_one_to_one_shows_the_cutouts_own_pixels(page, pictures, name, background, tmp_path):
    folder, rgba = pictures
    opened(page, preview(folder / "cutout.png", tmp_path / "p.html"))
    page.get_by_label(f"{name.title()} background").click()
    page.keyboard.press("1")
    settled(page)
    left, top, width, height = canvas_frame(page)
    x0, y0 = WIDTH // 2 - 440, HEIGHT // 2 - 200  # across the left edge of the disc
    centred(page, x0 + width / 2, y0 + height / 2)
    shown = screen(page)[top : top + height, left : left + width]
    wanted = expected_on(rgba, background)[y0 : y0 + height, x0 : x0 + width]
    soft = (rgba[..., 3] > 0)[y0 : y0 + height, x0 : x0 + width] & (rgba[..., 3] < 255)[
        y0 : y0 + height, x0 : x0 + width
    ]
    assert soft.sum() > 1000
    assert np.abs(shown - wanted)[soft].max() <= 4  # browsers premultiply in 8 bits
    assert np.abs(shown - wanted).mean() < 1


def test_eight_to_one_enlarges_without_smoothing(page, pictures, tmp_path):
    folder, rgba = pictures
    opened(page, preview(folder / "cutout.png", tmp_path / "p.html"))
    page.keyboard.press("8")
    centred(page, 700, 500)
    left, top, width, height = canvas_frame(page)
    shown = screen(page)[top : top + height, left : left + width]
    x, y = width // 2 + 4, height // 2 + 4  # the middle of the picture's pixel (700, 500) or its neighbour
    block = shown[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3)
    assert np.ptp(block, axis=0).max() == 0
    assert np.abs(block[0] - rgba[500, 700, :3]).max() <= 6


def test_alpha_only(page, pictures, tmp_path):
    folder, rgba = pictures
    opened(page, preview(folder / "cutout.png", tmp_path / "p.html"))
    page.keyboard.press("1")
    page.keyboard.press("a")
    left, top, width, height = canvas_frame(page)
    x0, y0 = WIDTH // 2 - 440, HEIGHT // 2 - 200
    centred(page, x0 + width / 2, y0 + height / 2)
    shown = screen(page)[top : top + height, left : left + width]
    assert np.abs(shown[..., 0] - rgba[y0 : y0 + height, x0 : x0 + width, 3]).max() <= 2


def test_before_and_after(page, pictures, tmp_path):
    folder, _ = pictures
    opened(page, preview(folder / "cutout.png", tmp_path / "p.html", photo=folder / "photo.jpg"))
    handle = page.locator(".gv-handle")
    assert handle.is_visible()
    left, top, width, height = canvas_frame(page)
    page.mouse.move(left + width / 2, top + 60)
    page.mouse.down()
    page.mouse.move(left + width * 0.75, top + 60)
    page.mouse.up()
    assert handle.get_attribute("aria-valuenow") == "75"
    page.evaluate("viewer.show({ background: 'white' })")
    settled(page)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    middle = top + (height - 64) // 2
    corner = page.evaluate("viewer.canvas.width / 2 - viewer.centre.x * viewer.scale")
    before = picture.getpixel((int(left + corner + 12), middle))
    after = picture.getpixel((int(left + width - corner - 12), middle))
    assert np.abs(np.array(before) - (20, 90, 40)).max() < 12
    assert after == (255, 255, 255)
    page.keyboard.press("s")
    settled(page)
    assert not handle.is_visible()


def test_keyboard_wheel_and_touch_move_the_picture(page, pictures, tmp_path):
    folder, _ = pictures
    opened(page, preview(folder / "cutout.png", tmp_path / "p.html"))
    page.keyboard.press("1")
    start = page.evaluate("viewer.centre.x")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("viewer.centre.x") > start
    left, top, width, height = canvas_frame(page)
    page.mouse.move(left + 100, top + 100)
    under = page.evaluate("viewer.toPicture(100, 100)")
    page.mouse.wheel(0, -300)
    page.wait_for_function("viewer.scale > 1.5")
    still = page.evaluate("viewer.toPicture(100, 100)")
    assert (still["x"], still["y"]) == pytest.approx((under["x"], under["y"]), abs=0.01)
    page.keyboard.press("0")
    fitted = page.evaluate("viewer.scale")
    pinch(page, left + width / 2, top + height / 2)
    assert page.evaluate("viewer.scale") == pytest.approx(2 * fitted, rel=0.05)


def pinch(page, x, y):
    """Two fingers that end twice as far apart as they began, sent as the browser's own touch input."""
    session = page.context.new_cdp_session(page)

    def send(kind, apart):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", 60)
    for apart in range(70, 121, 10):
        send("touchMove", apart)
    send("touchEnd", 0)
    settled(page)


def test_twenty_four_megapixels(page, tmp_path):
    y, x = np.mgrid[:TILE, :6000]

    def strips():
        for top in range(0, 4000, TILE):
            rows = min(TILE, 4000 - top)
            alpha = (np.abs(x[:rows] - 3000) + np.abs(y[:rows] + top - 2000) < 1800) * 255
            yield np.dstack([x[:rows] % 256, (y[:rows] + top) % 256, 0 * x[:rows], alpha]).astype(np.uint8)

    html = viewer_page("24 megapixels", [cut_into_tiles("Cutout", strips(), Size(6000, 4000))])
    (tmp_path / "big.html").write_text(html, encoding="utf-8")
    opened(page, tmp_path / "big.html")
    page.keyboard.press("1")
    centred(page, 3000, 2000)
    left, top, width, height = canvas_frame(page)
    shown = screen(page)[top + height // 2, left + width // 2]
    assert np.abs(shown - (3000 % 256, 2000 % 256, 0)).max() <= 12
    assert page.evaluate("viewer.layers[0].bitmaps.size") < 60  # only what is seen is decoded


def test_names_are_text_never_markup(page, pictures, tmp_path):
    folder, _ = pictures
    name = "a'<img src=x onerror=alert(1)>&.png"
    target = tmp_path / name
    target.write_bytes((folder / "cutout.png").read_bytes())
    opened(page, preview(target, tmp_path / "p.html"))
    assert page.locator("h1").inner_text() == name
    assert page.locator("img").count() == 0


def test_chinese(page, pictures, tmp_path, monkeypatch):
    folder, _ = pictures
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    opened(page, preview(folder / "cutout.png", tmp_path / "p.html", photo=folder / "photo.jpg"))
    assert page.get_by_role("button", name="适合窗口").is_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


def test_screenshot_for_people(page, pictures, tmp_path):
    """Set GIGAMATTE_SCREENSHOTS to a folder to keep what was seen."""
    folder, _ = pictures
    opened(page, preview(folder / "cutout.png", tmp_path / "p.html", photo=folder / "photo.jpg"))
    shot = page.screenshot()
    assert len(shot) > 20_000
    if keep := os.environ.get("GIGAMATTE_SCREENSHOTS"):
        (Path(keep) / "preview.png").write_bytes(shot)
