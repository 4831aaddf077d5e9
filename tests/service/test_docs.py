"""docs/service.md is true: its programs run against a real service, its table lists the settings."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from PIL import Image

from gigamatte.service.settings import Settings
from gigamatte.testing.served import free_port

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs/service.md", ROOT / "docs/zh/service.md"]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
@pytest.mark.parametrize("language", ["python", "bash"])
def test_the_programs_of_the_page_run(page, language, service, pictures, tmp_path):
    if language == "bash" and (shutil.which("bash") is None or shutil.which("curl") is None):
        pytest.skip("bash or curl is not installed")
    (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
    programs = blocks(page, language)
    assert len(programs) == 2
    for program in programs:
        text = program.replace("http://127.0.0.1:8000", service.url)
        run = [sys.executable, "-c", text] if language == "python" else ["bash", "-euc", text]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "cutout.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (400, 300))


LEAVING = [ROOT / "docs/removebg.md", ROOT / "docs/zh/removebg.md"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("page", LEAVING, ids=["en", "zh"])
def test_the_recipe_for_remove_bg_works_as_printed(page, service, pictures, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
    (program,) = blocks(page, "bash")
    text = program.replace("http://127.0.0.1:8000", service.url)
    done = subprocess.run(["bash", "-euc", text], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "no-bg.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (400, 300))


@pytest.mark.parametrize("page", LEAVING, ids=["en", "zh"])
def test_every_field_and_code_of_remove_bg_is_in_the_tables(page):
    from gigamatte.service.removebg_answers import CODES
    from gigamatte.service.removebg_fields import KNOWN

    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", page.read_text("utf-8"), re.MULTILINE)
    named = {name for cell, _ in rows for name in re.findall(r"`([a-z_0-9]+)`", cell)}
    assert named >= KNOWN - {"shadow_opacity"}
    text = page.read_text("utf-8")
    assert "`shadow_opacity`" in text
    for _, status, code in CODES:
        assert status in (415, 503) or f"`{code}`" in text, code


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_every_setting_is_in_the_table(page):
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \|", page.read_text("utf-8"), re.MULTILINE))
    assert set(rows) == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert rows[name.upper()] == f"`{field.default}`"


def test_every_status_of_the_table_of_errors_is_told():
    from gigamatte.service.errors import TITLES

    page = PAGES[0].read_text("utf-8")
    told = {
        int(number) for row in re.findall(r"^\| ([\d ·]+) \|", page, re.MULTILINE) for number in re.findall(r"\d+", row)
    }
    assert set(TITLES) == told


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_every_metric_is_named(page, service):
    kinds = re.findall(r"^# TYPE (\S+) ", requests.get(f"{service.url}/metrics", timeout=30).text, re.MULTILINE)
    exported = {name for name in kinds if not name.endswith("_created")}
    assert exported == set(re.findall(r"gigamatte_\w+", page.read_text("utf-8")))


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_the_recipe_for_nginx_is_one(tmp_path):
    recipe = (
        (ROOT / "packaging/nginx.conf").read_text("utf-8").replace("server gigamatte:8000", "server 127.0.0.1:8000")
    )
    (tmp_path / "recipe").write_text(recipe)
    whole = f"pid {tmp_path}/pid; events {{}} http {{ access_log off; include {tmp_path}/recipe; }}"
    (tmp_path / "nginx.conf").write_text(whole)
    command = ["nginx", "-t", "-e", "stderr", "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_recipe_for_tls_works_as_printed(page, own_service, pictures, tmp_path, nginx):
    """Only names and ports are this test's own: the page's lines, put where the page says."""
    trustme = pytest.importorskip("trustme", reason="trustme is not installed")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate = authority.issue_cert("cut.example.org")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "cut.example.org.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "cut.example.org.key")
    with own_service(hosts=["cut.example.org"], trusted_proxies="127.0.0.1") as service:
        port = free_port()
        (block,) = blocks(page, "nginx")
        recipe = (ROOT / "packaging/nginx.conf").read_text("utf-8")
        assert recipe.count("listen 8080;") == 1
        recipe = recipe.replace("listen 8080;", block).replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        recipe = recipe.replace("/etc/ssl", str(tmp_path)).replace("server gigamatte:8000", f"server {service.url[7:]}")
        nginx("", outside=recipe)
        (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
        address = f"https://cut.example.org:{port}"
        command = [
            "curl",
            "-sS",
            "--fail",
            "--cacert",
            tmp_path / "ca.pem",
            "--resolve",
            f"cut.example.org:{port}:127.0.0.1",
        ]
        photo = ["-F", f"image=@{tmp_path / 'photo.jpg'}", "-H", f"Origin: {address}", "-o", tmp_path / "cutout.png"]
        subprocess.run([*command, *photo, f"{address}/remove_background"], check=True, timeout=60)
        with Image.open(tmp_path / "cutout.png") as picture:
            assert (picture.mode, picture.size) == ("RGBA", (400, 300))
        done = subprocess.run([*command, f"{address}/"], check=True, timeout=60, capture_output=True, text=True)
        assert "<title>gigamatte" in done.stdout


def test_what_the_page_links_to_exists():
    for page in PAGES + LEAVING:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), link
