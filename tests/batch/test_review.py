"""The review: what its server says and refuses, and that marks are kept."""

import http.client
import json
import threading
from collections.abc import Iterator

import cv2
import pytest
from batch_helpers import batch_of_five, pictures, rows, run

from gigamatte.batch.overview import manifests_of
from gigamatte.batch.review.desk import Desk
from gigamatte.batch.review.server import ReviewServer
from gigamatte.cli.app import run as command
from gigamatte.errors import UsageError
from gigamatte.options import Options


class Client:
    def __init__(self, address: str) -> None:
        self.host = address.removeprefix("http://").rstrip("/")

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers["Content-Type"], data

    def mark(self, name: str, mark: object, **headers: str) -> int:
        body = json.dumps({"id": name, "mark": mark}).encode()
        return self.ask("POST", "/mark", body, **{"Content-Type": "application/json", **headers})[0]

    def photos(self, query: str = "") -> dict:
        status, _, data = self.ask("GET", f"/photos?{query}")
        assert status == 200, data
        return json.loads(data)


@pytest.fixture
def review(tmp_path, mask) -> Iterator[tuple]:
    source, out, _ = batch_of_five(tmp_path, Options(mask=mask))
    server = ReviewServer(Desk(str(out), manifests_of(str(out))), str(out), 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield Client(server.address), source, out
    server.close()
    thread.join()


def test_the_most_doubtful_first_and_marks_are_kept(review, capsys, tmp_path):
    client, _, out = review
    found = client.photos()
    doubts = [photo["doubt"] for photo in found["photos"]]
    assert doubts == sorted(doubts, reverse=True)
    assert found["totals"] == {"all": 5, "good": 0, "redo": 0, "hand": 0}
    first, second, third = (photo["id"] for photo in found["photos"][:3])
    assert [client.mark(first, "redo"), client.mark(second, "hand"), client.mark(third, "good")] == [200] * 3
    assert client.mark(third, None) == 200
    assert client.photos()["totals"] == {"all": 5, "good": 0, "redo": 1, "hand": 1}
    assert [photo["id"] for photo in client.photos("mark=hand")["photos"]] == [second]
    assert len(client.photos("mark=none")["photos"]) == 3
    assert client.photos("start=3")["photos"] == client.photos()["photos"][3:]
    assert sorted(str(row["mark"]) for row in rows(out / ".gigamatte" / "1-of-1.sqlite").values()) == [
        "None", "None", "None", "hand", "redo"
    ]  # fmt: skip
    lines = tmp_path / "hand.jsonl"
    assert command(["batch", "export", str(out), str(lines), "--marked", "hand"]) == 0
    (line,) = (json.loads(text) for text in lines.read_text().splitlines())
    assert line["path"] == found["photos"][1]["path"]


def test_pictures_and_the_viewer(review):
    client, source, _ = review
    name = client.photos()["photos"][0]["id"]
    status, kind, data = client.ask("GET", f"/small/{name}/photo")
    assert (status, kind, data[:2]) == (200, "image/jpeg", b"\xff\xd8")
    status, kind, data = client.ask("GET", f"/small/{name}/result")
    assert (status, kind, data[8:12]) == (200, "image/webp", b"WEBP")
    status, kind, data = client.ask("GET", f"/view/{name}")
    assert status == 200
    assert b'"kind":"photo"' in data
    for path in source.rglob("*.jpg"):
        path.unlink()
    assert client.ask("GET", f"/small/{name}/photo")[0] == 404
    status, _, data = client.ask("GET", f"/view/{name}")  # the photo has gone, its result has not
    assert status == 200
    assert b'"kind":"photo"' not in data
    status, kind, data = client.ask("GET", "/")
    assert (status, kind) == (200, "text/html; charset=utf-8")


def test_what_is_refused(review):
    client, _, out = review
    name = client.photos()["photos"][0]["id"]
    for path in ("/nothing", "/view/0-xx", "/view/9-YQ==", "/small/0-../../etc/photo", "/view/../../etc/passwd"):
        assert client.ask("GET", path)[0] == 404, path
    assert client.ask("GET", "/photos?mark=x")[0] == 400
    assert client.ask("GET", "/photos?start=x")[0] == 400
    assert client.mark(name, "x") == 400
    assert client.mark("0-eA==", "good") == 404
    # another site's page, by its own name for this machine, or across
    assert client.mark(name, "good", Host="evil.example") == 403
    assert client.mark(name, "good", Origin="http://evil.example") == 403
    assert client.mark(name, "good", **{"Content-Type": "text/plain"}) == 400
    assert client.ask("GET", "/", Host="evil.example")[0] == 403
    assert {row["mark"] for row in rows(out / ".gigamatte" / "1-of-1.sqlite").values()} == {None}
    port = int(client.host.rpartition(":")[2])
    with pytest.raises(UsageError, match="cannot be served"):
        ReviewServer(Desk(str(out), manifests_of(str(out))), str(out), port)


def test_hints_are_previewed_and_kept_beside_the_photo(review):
    client, source, _ = review
    first = client.photos()["photos"][0]
    name, beside = first["id"], (source / first["path"]).with_suffix(".hints.json")
    status, kind, page = client.ask("GET", f"/edit/{name}")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert b"new Editor(" in page
    status, kind, data = client.ask("GET", f"/edit/{name}/photo")
    assert (status, kind, data[:4]) == (200, "image/webp", b"RIFF")
    hints = {"keep": [[32, 24]], "drop": [[2, 2, 3]], "strokes": [], "box": [1, 1, 60, 40]}
    body, json_kind = json.dumps(hints).encode(), {"Content-Type": "application/json"}
    status, kind, data = client.ask("POST", f"/edit/{name}/preview", body, **json_kind)
    assert (status, kind, data[8:12]) == (200, "image/webp", b"WEBP")
    assert not beside.exists()
    assert client.ask("POST", f"/edit/{name}/save", body, **json_kind)[0] == 200
    assert json.loads(beside.read_text()) == {name: value for name, value in hints.items() if value}
    assert b'"drop":[[2,2,3]]' in client.ask("GET", f"/edit/{name}")[2].replace(b".0", b"")
    assert client.photos("mark=redo")["photos"][0]["id"] == name
    for wrong, code in ((b'{"keep": [[900, 1]]}', 400), (b'{"keep": 1}', 400), (b"[", 400)):
        assert client.ask("POST", f"/edit/{name}/save", wrong, **json_kind)[0] == code
    too_long = {**json_kind, "Content-Length": "9000000"}
    assert client.ask("POST", f"/edit/{name}/save", b"{}", **too_long)[0] == 404
    assert client.ask("POST", f"/edit/{name}/save", body)[0] == 400  # a form of another page
    assert client.ask("POST", f"/edit/{name}/save", body, **json_kind, Origin="http://example.com")[0] == 403
    assert json.loads(beside.read_text())["keep"] == [[32, 24]]
    assert client.ask("POST", f"/edit/{name}/save", b"{}", **json_kind)[0] == 200
    assert not beside.exists()
    (source / first["path"]).unlink()
    status, _, data = client.ask("GET", f"/edit/{name}")
    assert (status, data.splitlines()[0][:18]) == (404, b"there is no photo ")


def test_what_is_hinted_is_done_again_with_the_hints(review, mask):
    client, source, out = review
    first = client.photos()["photos"][0]
    before = pictures(out)
    stroke = {"kind": "drop", "points": [[20, 24], [44, 24]], "radius": 9}
    body = json.dumps({"strokes": [stroke]}).encode()
    assert client.ask("POST", f"/edit/{first['id']}/save", body, **{"Content-Type": "application/json"})[0] == 200
    listener = run(source, out, Options(mask=mask), redo=True)[1]
    assert [(outcome.key, outcome.state) for outcome, _ in listener.outcomes] == [(first["path"], "done")]
    after = pictures(out)
    changed = [name for name in before if before[name] != after[name]]
    assert changed == [first["path"].replace(".jpg", ".cutout.png")]
    alpha = cv2.imread(str(out / changed[0]), cv2.IMREAD_UNCHANGED)[..., 3]
    assert alpha[24, 32] == 0
    listener = run(source, out, Options(mask=mask))[1]
    assert listener.outcomes == []  # and the next run leaves it so
    assert client.photos("mark=redo")["photos"] == []
