"""The web page in a real browser, against the real service."""

import io
import json
import os
import time
import zipfile
from pathlib import Path

import pytest
import requests
from PIL import Image

#: some versions of Playwright close their event loop late
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")

#: where screenshots go, to be looked at; none are kept unless it is set
SHOTS = os.environ.get("GIGAMATTE_SCREENSHOTS")


@pytest.fixture
def open_page(browser, service):
    """Opens the page; the test fails on any script error and on any request that leaves the service."""
    contexts, problems = [], []

    def opened(width=1280, height=800, locale="en-US", at=None, scheme="light", expected=()):
        url = (at or service).url
        context = browser.new_context(viewport={"width": width, "height": height}, locale=locale, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: note(said, expected))
        page.on("request", lambda request: problems.append(request.url) if stray(request.url, url) else None)
        page.goto(url)
        return page

    def note(said, expected):
        if said.type == "error" and not any(status in said.text for status in expected):
            problems.append(said.text)

    def stray(address, url):
        return not address.startswith((url, "blob:", "data:"))

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def ready(page):
    page.wait_for_selector("body[data-ready=yes]")


def pick(page, *photos):
    page.set_input_files("#files", [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in photos])


def until(page, expression, seconds=120):
    """Wait for a condition. (Playwright's own wait evaluates strings in the page, which its policy forbids.)"""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def shot(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def viewer_is_settled(page):
    page.wait_for_selector("#viewer .gv-canvas")
    page.wait_for_timeout(400)


def test_from_photo_to_the_same_bytes_as_the_api(open_page, service, pictures):
    page = open_page()
    ready(page)
    shot(page, "desktop-empty")
    assert page.locator("#download").is_disabled()
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    viewer_is_settled(page)
    shot(page, "desktop-result")
    assert "400 × 300" in page.locator(".item .state").inner_text()
    with page.expect_download() as coming:
        page.click(".tool-save")
    saved = Path(coming.value.path()).read_bytes()
    assert coming.value.suggested_filename == "fuchs.cutout.png"
    url = f"{service.url}/remove_background?model=auto&format=png"
    assert saved == requests.post(url, files={"image": pictures["jpeg"]}, timeout=60).content


def test_a_shop_is_chosen_and_the_result_is_checked(open_page, service, pictures):
    page = open_page()
    ready(page)
    page.select_option("#preset", "taobao")
    page.fill("#fill", "70")
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done .state:text('does not fit: taobao')", timeout=60000)
    shot(page, "desktop-shop")
    page.wait_for_selector(".gv-status:text('800 × 800')", timeout=60000)
    assert "at least 85" in page.locator(".item .why").inner_text()
    page.fill("#fill", "")
    page.fill("#canvas", "300x200")
    page.select_option("#preset", "")
    page.wait_for_selector(".gv-status:text('300 × 200')", timeout=60000)
    assert page.locator(".item .why").is_hidden()


def places(page, *points):
    """Clicks at places of the photo, 0…1 of its width and height, where the editor shows it."""
    box = page.locator(".edit-area img").bounding_box()
    for x, y, button in points:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"], button=button)


def settled(page, marks):
    page.wait_for_selector(f'#editor[data-settled="{marks}"]', timeout=60000)


def test_a_result_is_corrected_and_equals_the_api_for_the_same_hints(open_page, service, pictures):
    page = open_page()
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.click("#edit")
    settled(page, 0)
    places(page, (0.5, 0.5, "left"), (0.05, 0.05, "right"))
    settled(page, 2)
    page.keyboard.press("b")
    box = page.locator(".edit-area img").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.9 * box["height"], steps=4)
    page.mouse.up()
    settled(page, 3)
    shot(page, "desktop-editor")
    page.keyboard.press("Control+z")
    settled(page, 2)
    page.keyboard.press("Control+Shift+Z")
    settled(page, 3)
    page.click("#editor .primary")
    page.wait_for_selector("#editor", state="hidden", timeout=60000)
    viewer_is_settled(page)
    with page.expect_download() as coming:
        page.click(".tool-save")
    saved = Path(coming.value.path()).read_bytes()
    job = service.desk.spool.get(
        page.evaluate(
            "() => performance.getEntriesByType('resource').map((e) => e.name)"
            ".filter((n) => n.includes('/edits/save')).pop().split('/').at(-3)"
        )
    )
    hints = job.options["hints"]
    assert (len(hints["keep"]), len(hints["drop"]), len(hints["strokes"])) == (1, 1, 1)
    assert hints["keep"][0] == pytest.approx([200, 150], abs=2)
    params = {"model": "auto", "format": "png", "hints": json.dumps(hints)}
    url = f"{service.url}/remove_background"
    fresh = requests.post(url, params=params, files={"image": pictures["jpeg"]}, timeout=60)
    assert saved == fresh.content
    alpha = Image.open(io.BytesIO(saved)).convert("RGBA").getchannel("A")
    assert alpha.getpixel((80, 270)) == 255


def test_correcting_by_keyboard_alone(open_page, pictures):
    page = open_page(width=1280, height=620)
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.focus("#edit")
    page.keyboard.press("Enter")
    settled(page, 0)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    settled(page, 1)
    page.keyboard.press("Delete")
    settled(page, 2)
    shot(page, "laptop-editor-keys")
    page.keyboard.press("Escape")
    page.wait_for_selector("#editor", state="hidden")
    viewer_is_settled(page)


def test_correcting_on_a_phone_in_chinese(open_page, pictures):
    page = open_page(width=390, height=844, locale="zh-CN", scheme="dark")
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.click("#edit")
    settled(page, 0)
    assert page.locator("#editor .primary").inner_text() == "完成"
    heights = page.evaluate("() => [...document.querySelectorAll('.edit-bar button')].map((b) => b.offsetHeight)")
    assert min(heights) >= 44
    places(page, (0.5, 0.5, "left"))
    settled(page, 1)
    shot(page, "phone-editor-zh-dark")


def test_several_photos_and_one_zip(open_page, pictures):
    page = open_page()
    ready(page)
    pick(page, *((f"photo-{n}.jpg", pictures["jpeg"]) for n in range(4)))
    page.select_option("#background", "white")
    page.select_option("#format", "webp")
    until(page, "document.querySelectorAll('.item.done').length === 4")
    with page.expect_download() as coming:
        page.click("#save-all")
    with zipfile.ZipFile(coming.value.path()) as box:
        assert box.namelist() == [f"photo-{n}.cutout.webp" for n in range(4)]
        with Image.open(io.BytesIO(box.read(box.namelist()[0]))) as picture:
            assert (picture.format, picture.mode) == ("WEBP", "RGB")


def test_finished_as_it_is_shown_without_being_cut_again(open_page, service, pictures):
    """Format, background and crop are applied when the result is saved; the view shows what is saved."""
    page = open_page()
    ready(page)
    pick(page, ("fuchs.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.wait_for_selector(".gv-status:text('400 × 300')", timeout=60000)
    page.select_option("#format", "jpeg")
    page.check("#crop")
    assert page.locator("#background").input_value() == "white"
    until(page, "!document.querySelector('.gv-status').textContent.startsWith('400 × 300')")
    with page.expect_download() as coming:
        page.click("#download")
    assert coming.value.suggested_filename == "fuchs.cutout.jpg"
    params = {"format": "jpeg", "background": "white", "crop": "true"}
    fresh = requests.post(
        f"{service.url}/remove_background", params=params, files={"image": pictures["jpeg"]}, timeout=60
    )
    assert Path(coming.value.path()).read_bytes() == fresh.content
    jobs = page.evaluate("performance.getEntriesByType('resource').filter((e) => /jobs\\?/.test(e.name)).length")
    assert jobs == 1
    shot(page, "desktop-finished")


def test_the_list_comes_back_when_the_page_is_loaded_again(open_page, pictures):
    page = open_page()
    ready(page)
    pick(page, *((f"photo-{n}.jpg", pictures["jpeg"]) for n in range(2)))
    until(page, "document.querySelectorAll('.item.done').length === 2")
    page.click(".item:nth-child(2) .tool-remove")
    page.reload()
    ready(page)
    page.wait_for_selector(".item.done", timeout=60000)
    assert page.locator(".item .name").all_inner_texts() == ["photo-0.jpg"]
    viewer_is_settled(page)
    page.wait_for_selector("#working", state="hidden")
    page.click("#edit")
    settled(page, 0)
    page.keyboard.press("Escape")
    with page.expect_download():
        page.click("#download")


def test_a_file_over_the_limit_is_told_before_it_is_sent(open_page, own_service, pictures):
    with own_service(max_body=100_000) as service:
        page = open_page(at=service, expected=("ERR_",))
        ready(page)
        pick(page, ("large.jpg", bytes(200_000)), ("fine.jpg", pictures["jpeg"]))
        page.wait_for_selector(".item.failed", timeout=60000)
        assert "200 kB > 100 kB" in page.locator(".item.failed .why").inner_text()


def test_the_divider_takes_the_keys_of_a_slider(open_page, pictures):
    """Home, End, PageUp and PageDown did nothing."""
    page = open_page()
    ready(page)
    pick(page, ("photo.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    page.wait_for_selector("#working", state="hidden")
    page.focus(".gv-handle")
    for key, value in (("Home", "0"), ("PageUp", "10"), ("End", "100"), ("PageDown", "90")):
        page.keyboard.press(key)
        page.wait_for_selector(f'.gv-handle[aria-valuenow="{value}"]')
    page.hover(".gv-swatch.gv-white")
    colour = page.evaluate("getComputedStyle(document.querySelector('.gv-swatch.gv-white')).backgroundColor")
    assert colour == "rgb(255, 255, 255)"


def test_an_error_is_told_in_words_beside_its_photo(open_page, pictures):
    page = open_page(expected=("415",))
    ready(page)
    pick(page, ("fine.jpg", pictures["jpeg"]), ("<b>bold</b>.jpg", b"GIF89a" + bytes(100)))
    page.wait_for_selector(".item.failed", timeout=60000)
    page.wait_for_selector(".item.done", timeout=60000)
    assert "is a film" in page.locator(".item.failed .why").inner_text()
    assert page.locator(".item.failed .name").inner_text() == "<b>bold</b>.jpg"
    shot(page, "desktop-error")
    page.locator(".item.failed .tool-remove").click()
    assert page.locator(".item").count() == 1


def test_chinese(open_page, pictures):
    page = open_page(locale="zh-CN", expected=("415",))
    ready(page)
    assert page.locator("#download").inner_text() == "下载"
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    pick(page, ("照片.jpg", pictures["jpeg"]), ("坏.jpg", b"not a picture at all"))
    page.wait_for_selector(".item.done", timeout=60000)
    page.wait_for_selector(".item.failed", timeout=60000)
    viewer_is_settled(page)
    assert page.get_by_role("button", name="棋盘格背景 (B)").is_visible()
    shot(page, "desktop-chinese")
    assert page.evaluate(r"/[a-z]{2,} [a-z]{2,}/.test(document.querySelector('.failed .why').textContent)") is False
    left = page.evaluate(
        "[...document.querySelectorAll('[data-t]')].map(n => n.textContent).filter(x => /[A-Za-z]{4}/.test(x))"
    )
    assert left == []
    page.click("[data-lang=en]")
    until(page, "document.getElementById('download').textContent === 'Download'")


def test_phone_width(open_page, pictures):
    page = open_page(width=390, height=844)
    ready(page)
    shot(page, "phone-empty")
    pick(page, ("photo.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    viewer_is_settled(page)
    shot(page, "phone-result")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_dark_mode(open_page, pictures):
    page = open_page(scheme="dark")
    ready(page)
    pick(page, ("photo.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    viewer_is_settled(page)
    shot(page, "desktop-dark")


def test_a_job_outlives_a_restart_of_the_service_under_the_page(open_page, own_service, pictures, monkeypatch):
    from gigamatte.service import desk, server

    def slow(source, *rest, **more):
        target = source.with_name("slow.jpg")
        target.write_bytes(source.read_bytes())
        return real(target, *rest, **more)

    real = desk.Job
    monkeypatch.setattr(desk, "Job", slow)
    with own_service() as first:
        page = open_page(at=first, expected=("ERR_", "503"))
        ready(page)
        pick(page, ("photo.jpg", pictures["jpeg"]))
        until(page, "document.querySelector('.item .state').textContent.startsWith('Resolving the edge')")
        shot(page, "desktop-working")
        assert page.locator(".item").bounding_box()["height"] < 120  # a row, not a stage
        first.close()
        monkeypatch.setattr(desk, "Job", real)
        page.wait_for_timeout(5000)  # longer than one try
        assert page.locator(".item.failed").count() == 0
        monkeypatch.setitem(type(first).__init__.__globals__, "listen", lambda host, _: server.listen(host, first.port))
        first.__init__(server.create_app(first.settings), first.settings)
        page.wait_for_selector(".item.done", timeout=60000)


def test_the_keyboard_is_enough(open_page, pictures):
    page = open_page()
    ready(page)
    pick(page, ("photo.jpg", pictures["jpeg"]))
    page.wait_for_selector(".item.done", timeout=60000)
    names = page.evaluate(
        "[...document.querySelectorAll('button, select, input, summary')]"
        ".filter(n => n.offsetParent && !n.closest('dialog'))"
        ".map(n => n.getAttribute('aria-label') || n.labels?.[0]?.textContent.trim() || n.textContent.trim())"
    )
    assert all(names)
    page.focus(".tool-save")
    with page.expect_download():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(open_page, scheme):
    page = open_page(scheme=scheme)
    ready(page)
    pairs = page.evaluate(
        """() => {
          const style = getComputedStyle(document.documentElement);
          const value = (name) => style.getPropertyValue(name).trim();
          const pairs = [['--text', '--ground'], ['--text', '--panel'], ['--quiet', '--panel'], ['--quiet', '--ground'],
            ['--quiet', '--soft'], ['--accent', '--soft'], ['--on-accent', '--accent'], ['--bad', '--panel'],
            ['--good', '--panel']];
          const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const rgb = (colour) => { probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
            return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3); };
          return pairs.map(([a, b]) => [a, b, rgb(value(a)), rgb(value(b))]);
        }"""
    )

    def luminance(colour):
        parts = [(c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for front, back, a, b in pairs:
        high, low = sorted((luminance(a), luminance(b)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (front, back, a, b)


def test_the_page_asks_for_the_key_and_forgets_it_with_the_tab(open_page, own_service, pictures, tmp_path):
    from gigamatte.service.keys import digest

    (tmp_path / "keys").write_text(f"a:{digest('right')}\n")
    with own_service(keys_file=tmp_path / "keys") as service:
        page = open_page(at=service, expected=("401",))
        ready(page)
        pick(page, ("photo.jpg", pictures["jpeg"]))
        page.wait_for_selector("dialog[open]")
        page.fill("#key", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#key-error:not(:empty)")
        page.wait_for_selector("dialog[open]")
        page.fill("#key", "right")
        page.keyboard.press("Enter")
        page.wait_for_selector(".item.done", timeout=60000)
        viewer_is_settled(page)
        assert page.evaluate("Object.values(localStorage).includes('right')") is False
        assert page.evaluate("sessionStorage.getItem('gigamatte-key')") == "right"


def test_two_photos_at_once_ask_for_one_key(open_page, own_service, pictures, tmp_path):
    """Both uploads were refused, the second dialog took the first one's place, and the first photo hung for ever."""
    from gigamatte.service.keys import digest

    (tmp_path / "keys").write_text(f"a:{digest('right')}\n")
    with own_service(keys_file=tmp_path / "keys") as service:
        page = open_page(at=service, expected=("401",))
        ready(page)
        pick(page, *((f"photo-{n}.jpg", pictures["jpeg"]) for n in range(3)))
        for key in ("wrong", "right"):
            page.wait_for_selector("dialog[open]")
            page.wait_for_timeout(500)  # all that are refused have asked
            page.fill("#key", key)
            page.keyboard.press("Enter")
        until(page, "document.querySelectorAll('.item.done').length === 3")
        assert page.locator("dialog[open]").count() == 0


def test_the_page_of_the_routes(open_page, service):
    page = open_page()
    ready(page)
    page.goto(f"{service.url}/docs")
    ready(page)
    described = requests.get(f"{service.url}/openapi.json", timeout=30).json()
    count = sum(len(methods) for methods in described["paths"].values())
    assert page.locator("#routes details").count() == count
    page.locator("summary", has_text="/remove_background").click()
    shown = page.locator("details[open]").inner_text()
    assert f"curl -F image=@photo.jpg {service.url}/remove_background -o cutout.png" in shown
    assert "background_image" in shown
    shot(page, "docs")
    page.click("[data-lang=zh]")
    page.locator("h1 + p", has_text="本服务的接口").wait_for()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("handed_on", [False, True], ids=["cut-off", "handed-on"])
def test_the_page_works_under_a_path(open_page, own_service, pictures, nginx, handed_on):
    """A proxy serves it under /cut/, and cuts the path off or hands it on."""
    with own_service(root_path="/cut" if handed_on else "") as service:
        target = service.url if handed_on else f"{service.url}/"
        address = nginx(f"location /cut/ {{ proxy_pass {target}; proxy_set_header Host $http_host; }}")
        page = open_page(at=type("Place", (), {"url": f"{address}/cut/"}))
        ready(page)
        pick(page, ("photo.jpg", pictures["jpeg"]), ("other.jpg", pictures["jpeg"]))
        until(page, "document.querySelectorAll('.item.done').length === 2")
        viewer_is_settled(page)
        with page.expect_download() as coming:
            page.click("#save-all")
        assert zipfile.is_zipfile(coming.value.path())


def test_large_pictures_come_as_the_tiles_that_are_shown(open_page, service):
    picture = Image.linear_gradient("L").resize((3600, 2400)).convert("RGB")
    picture.paste((200, 90, 20), (900, 600, 2700, 1800))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=85)
    mask = Image.new("L", (600, 400))
    mask.paste(255, (150, 100, 450, 300))
    given = io.BytesIO()
    mask.save(given, "PNG")
    page = open_page()
    ready(page)
    # the page itself sends no masks: the job is handed in beside it, then shown by it
    job = requests.post(
        f"{service.url}/jobs",
        files={"image": ("big.jpg", data.getvalue()), "mask": given.getvalue()},
        timeout=60,
    ).json()
    end = time.monotonic() + 300
    while (state := requests.get(service.url + job["links"]["self"], timeout=60).json())["state"] != "done":
        assert state["state"] != "failed", state
        assert time.monotonic() < end, state
        time.sleep(0.5)
    tiles = []
    page.on("request", lambda request: tiles.append(request.url) if "/layers/cutout/" in request.url else None)
    page.evaluate(
        """async (path) => {
          const { Client } = await import('/assets/client.js');
          const client = new Client();
          const job = await (await fetch(path)).json();
          const host = document.getElementById('viewer');
          host.hidden = false;
          globalThis.shown = new GigamatteViewer(host, [await client.layer(job, 'cutout', 'Cutout')], {});
        }""",
        job["links"]["self"],
    )
    settled = "shown.waiting === 0 && shown.layers[0].bitmaps.size > 0 && shown.layers[0].loading.size === 0"
    until(page, settled)
    fitted = len(tiles)
    assert 0 < fitted <= 16  # of 40 at full size
    assert not any("/cutout/0/" in url for url in tiles)
    page.evaluate("shown.zoomTo(1)")
    until(page, settled)
    assert 0 < len([url for url in tiles if "/cutout/0/" in url]) <= 16
    page.evaluate("shown.zoomTo(8)")
    until(page, settled)
    shot(page, "desktop-8-to-1")


def test_every_word_of_the_page_has_its_chinese():
    import re
    from importlib import resources

    from gigamatte.messages.zh import PAGE

    page = resources.files("gigamatte.service.page")
    html = page.joinpath("index.html").read_text("utf-8")
    words = set(re.findall(r"data-t>([^<]+)<", html)) | set(re.findall(r'data-t-label="([^"]+)"', html))
    editor = resources.files("gigamatte.viewer").joinpath("editor.js")
    tools = editor.read_text("utf-8")
    for row in re.findall(r'\["\w+", "([^"]+)", "\w", "([^"]+)"\]', tools):
        words |= set(row)
    names = ("app.js", "queue.js", "finish.js", "dragout.js", "askbox.js")
    scripts = [page.joinpath(name).read_text("utf-8") for name in names]
    for script in (*scripts, tools):
        words |= set(re.findall(r'\bt\("([^"]+)"\)', script))
    assert len(words) > 40
    assert [word for word in sorted(words) if word not in PAGE] == []
