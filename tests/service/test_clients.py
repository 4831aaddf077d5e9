"""Unmodified programs written for other services, which are led to this one instead."""

import base64
import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import zipfile
from io import BytesIO

import pytest
import requests
from PIL import Image

from .conftest import picture_of

#: a folder with remove.bg, axios and form-data, put there by: npm install remove.bg axios form-data
NODE = os.environ.get("GIGAMATTE_NODE_MODULES")


class Proxy:
    """Ends TLS for api.remove.bg on loopback and hands the bytes to the service: as a CONNECT proxy, or directly."""

    def __init__(self, service, folder):
        trustme = pytest.importorskip("trustme", reason="trustme is not installed")
        authority = trustme.CA()
        self.certificate = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.certificate)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("api.remove.bg").configure_cert(self._context)
        self._service = service
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = []
        self._main = threading.Thread(target=self._serve, daemon=True)
        self._main.start()

    def _serve(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._connection, args=(sock,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _connection(self, sock):
        with sock:
            if sock.recv(1, socket.MSG_PEEK) == b"C":
                head = b""
                while b"\r\n\r\n" not in head and (part := sock.recv(4096)):
                    head += part
                assert head.startswith(b"CONNECT api.remove.bg:443 ")
                sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with (
                contextlib.suppress(ssl.SSLError, OSError),  # the client tells what it thinks of that
                self._context.wrap_socket(sock, server_side=True) as inside,
                self._service.connect() as outside,
            ):
                back = threading.Thread(target=pump, args=(outside, inside), daemon=True)
                back.start()
                pump(inside, outside)
                back.join(30)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._main.join(10)


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one side has closed: the other learns it from its own socket


@pytest.fixture
def removebg_world(own_service, tmp_path):
    """A service that answers to api.remove.bg, and the environment of a client that will find it there."""
    with own_service(hosts=["127.0.0.1", "api.remove.bg"]) as service:
        proxy = Proxy(service, tmp_path)
        environment = {
            **os.environ,
            "HTTPS_PROXY": proxy.url,
            "REQUESTS_CA_BUNDLE": str(proxy.certificate),
            "NODE_EXTRA_CA_CERTS": str(proxy.certificate),
        }
        yield environment
        proxy.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(service, pictures, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
    command = ["curl", "-sS", "--fail", "-F", f"image=@{tmp_path / 'photo.jpg'}", "-o", tmp_path / "out.png"]
    subprocess.run([*command, f"{service.url}/remove_background"], check=True, timeout=60)
    with Image.open(tmp_path / "out.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (400, 300))
    raw = ["curl", "-sS", "--fail", "--data-binary", f"@{tmp_path / 'photo.jpg'}", "-H", "Content-Type: image/jpeg"]
    subprocess.run([*raw, "-o", tmp_path / "raw.png", f"{service.url}/remove_background"], check=True, timeout=60)
    assert (tmp_path / "raw.png").read_bytes() == (tmp_path / "out.png").read_bytes()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_as_remove_bg_documents_it(service, pictures, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
    command = [
        "curl", "-sS", "-H", "X-API-Key: INSERT_YOUR_API_KEY_HERE", "-F", f"image_file=@{tmp_path / 'photo.jpg'}",
        "-F", "size=auto", "-f", f"{service.url}/v1.0/removebg", "-o", tmp_path / "no-bg.png",
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    with Image.open(tmp_path / "no-bg.png") as picture:
        assert picture.mode == "RGBA"


def said_by(command, folder, environment):
    """What a program prints that ends well."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_removebg_package_of_pypi(removebg_world, pictures, tmp_path):
    pytest.importorskip("removebg", reason="removebg is not installed")
    (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
    (tmp_path / "b64").write_bytes(base64.b64encode(pictures["jpeg"]))
    code = (
        "from removebg import RemoveBg\n"
        "client = RemoveBg('a key', 'error.log')\n"
        "client.remove_background_from_img_file('photo.jpg')\n"
        "client.remove_background_from_base64_img(open('b64').read(), bg_color='81d4fa')\n"
    )
    said_by([sys.executable, "-W", "ignore", "-c", code], tmp_path, removebg_world)
    with Image.open(tmp_path / "photo.jpg_no_bg.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (400, 300))
    with Image.open(tmp_path / "no-bg.png") as picture:
        assert picture.mode == "RGB"
        # without transparency, format=auto is a JPEG, as it is at remove.bg
        assert picture.format == "JPEG"
        assert all(abs(a - b) <= 2 for a, b in zip(picture.getpixel((3, 3)), (0x81, 0xD4, 0xFA), strict=True))


@pytest.mark.skipif(not NODE or shutil.which("node") is None, reason="GIGAMATTE_NODE_MODULES or node is missing")
def test_the_remove_bg_package_of_npm(removebg_world, pictures, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(pictures["jpeg"])
    script = """
      const { removeBackgroundFromImageFile: file, removeBackgroundFromImageBase64: base64 } = require("remove.bg");
      const fs = require("fs");
      const apiKey = "a key";
      (async () => {
        const a = await file({ path: "photo.jpg", apiKey, size: "regular", type: "auto", outputFile: "file.png" });
        const base64img = fs.readFileSync("photo.jpg").toString("base64");
        const b = await base64({ base64img, apiKey, size: "regular", crop: true, outputFile: "base64.png" });
        let refused = null;
        try { await base64({ base64img, apiKey, scale: "5%" }); } catch (errors) { refused = errors; }
        console.log(JSON.stringify([a.resultWidth, b.resultWidth, a.creditsCharged, refused]));
      })();
    """
    # its HTTP library uses the proxy for some requests only: for the others, the network says where api.remove.bg is
    network = tmp_path / "network.js"
    network.write_text(
        """
      const tls = require("tls"), connect = tls.connect;
      tls.connect = (options, ...rest) => {
        if (options.host !== "api.remove.bg") return connect(options, ...rest); // inside a proxy's tunnel already
        const [host, port] = new URL(process.env.HTTPS_PROXY).host.split(":");
        return connect({ ...options, host, port, servername: "api.remove.bg" }, ...rest);
      };
    """
    )
    environment = {**removebg_world, "NODE_PATH": NODE}
    said = said_by(["node", "--require", str(network), "-e", script], tmp_path, environment)
    whole, cropped, credits, refused = json.loads(said)
    assert whole == "400"
    assert int(cropped) < 400
    assert credits == "0"
    assert "scale" in refused[0]["title"]
    for name in ("file.png", "base64.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.mode == "RGBA"


def removebg(service, files=None, **fields):
    return requests.post(f"{service.url}/v1.0/removebg", files=files, data=fields, timeout=60)


def test_a_zip_holds_colours_and_alpha(service, pictures):
    answer = removebg(service, {"image_file": pictures["jpeg"]}, format="zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(BytesIO(answer.content)) as box:
        assert box.namelist() == ["color.jpg", "alpha.png"]
        with Image.open(BytesIO(box.read("color.jpg"))) as colour, Image.open(BytesIO(box.read("alpha.png"))) as alpha:
            assert (colour.mode, alpha.mode) == ("RGB", "L")
            assert colour.size == alpha.size == (400, 300)


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        ({"channels": "alpha"}, "L"),
        ({"format": "jpg"}, "RGB"),
        ({"bg_color": "ff0000"}, "RGB"),
        ({"bg_color": "", "roi": "0% 0% 100% 100%", "scale": "original", "type": "person"}, "RGBA"),
        ({"crop": "true", "crop_margin": "10%"}, "RGBA"),
        ({"roi": "0px 0px 200px 300px"}, "RGBA"),
    ],
)
def test_fields_of_remove_bg(service, pictures, fields, mode):
    answer = removebg(service, {"image_file": pictures["jpeg"]}, **fields)
    assert picture_of(answer).mode == mode
    assert answer.headers["x-type"] == "other"
    assert answer.headers["x-credits-charged"] == "0"


@pytest.mark.parametrize(
    "fields",
    [{"scale": "5%"}, {"position": "middle"}, {"shadow_type": "magic"}, {"bg_color": "nope"}, {"format": "gif"},
     {"channels": "x"}, {"format": "zip", "channels": "alpha"}],
)  # fmt: skip
def test_what_is_not_offered_is_refused_in_remove_bgs_words(service, pictures, fields):
    answer = removebg(service, {"image_file": pictures["jpeg"]}, **fields)
    assert answer.status_code == 400
    assert next(iter(fields)) in answer.json()["errors"][0]["title"] or "zip" in answer.json()["errors"][0]["title"]


def test_one_source_is_needed(service, pictures):
    assert removebg(service, {"x": ("", b"")}).status_code == 400
    assert removebg(service, {"image_file": pictures["jpeg"]}, image_url="http://x/").status_code == 400
    answer = requests.post(f"{service.url}/v1.0/removebg", json={"image_file_b64": "%%%"}, timeout=30)
    assert "base64" in answer.json()["errors"][0]["title"]


def test_account(service):
    credits = requests.get(f"{service.url}/v1.0/account", timeout=30).json()["data"]["attributes"]["credits"]
    assert credits["total"] == 0


def rembg(service, pictures, query=""):
    return requests.post(f"{service.url}/api/remove{query}", files={"file": pictures["jpeg"]}, timeout=60)


def test_as_rembg(service, pictures):
    assert picture_of(rembg(service, pictures)).mode == "RGBA"
    assert picture_of(rembg(service, pictures, "?om=true&ppm=true")).mode == "L"
    assert picture_of(rembg(service, pictures, "?bgc=255,0,0,255")).getpixel((2, 2)) == (255, 0, 0)
    told = json.loads(rembg(service, pictures, "?model=isnet-general-use&a=true").headers["x-warnings"])
    assert any("isnet-general-use is not served here" in line for line in told)
    assert any("full resolution" in line for line in told)
    assert rembg(service, pictures, "?bgc=1,2,3,4").status_code == 400
    answer = requests.post(f"{service.url}/api/remove", files={"image": pictures["jpeg"]}, timeout=30)
    assert answer.status_code == 400
