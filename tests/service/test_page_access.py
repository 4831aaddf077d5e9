"""The web page by keyboard, on a phone, in the dark, in Chinese; its contrast."""

import pytest

from .pages import cut, pick, ready, shot, until, viewer_is_settled

#: some versions of Playwright close their event loop late
pytestmark = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")


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
    status, bar = (page.locator(one).bounding_box() for one in (".gv-status", ".gv-bar"))
    assert status["y"] + status["height"] < bar["y"]  # it lay below the tool bar


def test_chinese(open_page, pictures):
    page = open_page(locale="zh-CN", expected=("415",))
    ready(page)
    assert page.locator("#download").inner_text() == "下载"
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    pick(page, ("照片.jpg", pictures["jpeg"]), ("坏.jpg", b"nopicture"))
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


def test_folders_give_every_kind_of_photo_that_is_read():
    import re
    from importlib import resources

    from gigamatte.photo.formats import KINDS

    script = resources.files("gigamatte.service.page").joinpath("app.js").read_text("utf-8")
    named = re.search(r'PICTURE = new RegExp\("(.+)"\n  \+ "(.+)", "i"\)', script)
    pattern = re.compile((named[1] + named[2]).replace("\\\\", "\\"), re.I)
    assert [suffix for kind in KINDS for suffix in kind.suffixes if not pattern.search("a" + suffix)] == []
    assert not pattern.search("notes.txt")


def test_a_phone_speaks_of_fingers_and_has_targets_for_them(browser, service, pictures):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        page.goto(service.url)
        ready(page)
        assert page.locator("h2:visible").all_inner_texts() == ["Choose a photo to begin"]
        cut(page, pictures)
        shot(page, "phone-result")
        page.click("#finish summary")
        shot(page, "phone-fields")
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                'button, select, summary, .check, .fields input:not([type=checkbox])')]
              .filter((node) => node.offsetParent)
              .filter((node) => node.getBoundingClientRect().height < 43.5).map((node) => node.id || node.outerHTML)"""
        )
        assert small == []
    finally:
        context.close()
