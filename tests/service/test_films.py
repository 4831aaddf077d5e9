"""Films over HTTP: handed in as jobs, bounded before they are decoded, previewed, corrected at a frame, cut anew."""

import importlib.util
import io
import json
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image
from tests.unit.film.films import BASE, UNEVEN, disc, frames_of, moving, write_film

from gigamatte import Options, Remover

pytest.importorskip("av")
ART = {"kind": "art"}


@pytest.fixture(name="film", scope="module")
def _film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", moving(), sound="aac")


def hand_in(url: str, film: Path, **query: object) -> requests.Response:
    with film.open("rb") as file:
        return requests.post(f"{url}/films", params=ART | query, files={"film": (film.name, file)}, timeout=60)


def ended(url: str, job: str, seconds: float = 120.0) -> dict:
    end = time.monotonic() + seconds
    while (plain := requests.get(f"{url}/jobs/{job}", timeout=30).json())["state"] in ("queued", "running"):
        assert time.monotonic() < end, plain
        time.sleep(0.1)
    return plain


def pixels_of(data: bytes, folder: Path) -> list[np.ndarray]:
    path = folder / "seen.webm"
    path.write_bytes(data)
    return [np.asarray(frame.pixels) for frame in frames_of(path)]


def test_from_a_film_to_the_bytes_of_the_command(service, film, tmp_path):
    answer = hand_in(service.url, film)
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["film"]["size"], job["film"]["format"]) == ([96, 64], "webm")
    done = ended(service.url, job["id"])
    assert (done["state"], done["receipt"]["film"]["frames"]) == ("done", len(UNEVEN))
    result = requests.get(f"{service.url}/jobs/{job['id']}/result", timeout=30)
    assert result.headers["content-type"] == "video/webm"
    assert job["file_name"] == "film.cutout.webm"
    with Remover(Options(kind="art")) as remover:
        remover.film(film).save(tmp_path / "own.webm")
    assert result.content == (tmp_path / "own.webm").read_bytes()
    preview = requests.get(f"{service.url}/films/{job['id']}/preview", timeout=30)
    assert preview.headers["content-type"] == "video/webm"
    assert pixels_of(preview.content, tmp_path)[0].shape == (64, 96, 4)
    # what it holds is charged, and nothing but that
    home = service.desk.spool.home(job["id"])
    held = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    assert service.desk.spool.get(job["id"]).bytes == held
    requests.delete(f"{service.url}/jobs/{job['id']}", timeout=30)
    assert not home.exists()


def test_events_tell_of_frames(service, film):
    job = hand_in(service.url, film).json()["id"]
    stages = []
    with requests.get(f"{service.url}/jobs/{job}/events", stream=True, timeout=60) as events:
        for line in events.iter_lines():
            if line.startswith(b"data: "):
                told = json.loads(line[6:])
                stages.append((told["stage"], told["progress"]))
    assert stages[-1] == (None, 1.0)
    seen = [stage for stage, _ in stages]
    assert "preview" in seen or "frames" in seen
    frames = [progress for stage, progress in stages if stage == "frames"]
    assert frames == sorted(frames)


@pytest.mark.parametrize(
    ("query", "media", "kind"),
    [
        ({"format": "mov"}, "video/quicktime", "mov"),
        ({"format": "mp4", "background": "green"}, "video/mp4", "mp4"),
        ({"format": "webp", "sticker": "64,100000"}, "image/webp", "webp"),
        ({"format": "gif", "loop": 2}, "image/gif", "gif"),
        ({"only": "alpha", "from": 0.05, "to": 0.15}, "video/webm", "webm"),
    ],
)
def test_formats(service, film, tmp_path, query, media, kind):
    job = hand_in(service.url, film, **query).json()["id"]
    assert ended(service.url, job)["state"] == "done"
    result = requests.get(f"{service.url}/jobs/{job}/result", timeout=30)
    assert result.headers["content-type"] == media
    path = tmp_path / "result"
    path.write_bytes(result.content)
    from gigamatte.film.kinds import kind_of

    assert kind_of(path) == kind
    if "from" in query:
        wanted = [t * BASE for t in UNEVEN if 0.05 <= t * BASE < 0.15]
        assert len(frames_of(path)) == len(wanted)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"format": "mp4"}, 400, "MP4 holds no alpha that players show"),
        ({"from": 2, "to": 1}, 400, "to lies after from; found 2 to 1 seconds"),
        ({"background": "/etc/passwd"}, 400, "background is a colour"),
        ({"format": "webm", "sticker": "512,500000"}, 400, "a sticker is an animated WebP"),
        ({"hints": "[{]"}, 400, "the hints are no JSON"),
        ({"crop": "true"}, 400, "crop"),
        ({"model": "/tmp/model.onnx"}, 400, "is not served here"),
    ],
)
def test_what_cannot_be_is_one_line(service, film, query, status, said):
    answer = hand_in(service.url, film, **query)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert "--" not in answer.json()["detail"]


def test_what_is_no_film_is_refused(service, pictures, tmp_path):
    photo = tmp_path / "film.mp4"
    photo.write_bytes(pictures["jpeg"])
    answer = hand_in(service.url, photo)
    assert (answer.status_code, answer.json()["hint"]) == (415, "photos are handed in at POST /jobs")
    photo.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 400)
    answer = hand_in(service.url, photo)
    assert answer.status_code == 422
    assert "film.mp4" not in answer.json()["detail"].replace("film cannot", "")


def test_too_many_pixels_are_refused_before_they_are_decoded(own_service, film):
    with own_service(film_megapixels=0.04) as service:
        answer = hand_in(service.url, film)
        assert answer.status_code == 422
        assert "8 frames of 96×64 = 0.049 megapixels in all, allowed are 0.04" in answer.json()["detail"]
        part = hand_in(service.url, film, to=0.1)
        assert part.status_code == 202
        assert service.desk.spool.used > 0


def test_a_header_that_lies_is_found_out(own_service, tmp_path):
    """A GIF says nothing of how many frames it has; what PyAV is told by a header may be wrong as well."""
    from gigamatte.errors import BudgetExceeded
    from gigamatte.film.bounded import Bounded
    from gigamatte.film.reading import open_film
    from gigamatte.film.types import Span

    path = write_film(tmp_path / "film.mp4", moving())
    source = open_film(path, max_pixels=10**8)
    source.header = type(source.header)(**{**source.header.__dict__, "frames": 1})
    bounded = Bounded(source, most=3 * 96 * 64)
    bounded.refuse(Span())
    with pytest.raises(BudgetExceeded, match="4 frames of 96×64"):
        list(bounded.frames(Span()))


def test_a_spool_too_small_takes_no_film(own_service, film):
    with own_service(spool_bytes=16 << 20, client_bytes=1 << 20) as service:
        answer = hand_in(service.url, film)
        assert answer.status_code == 422
        assert "may take" in answer.json()["detail"]
        assert service.desk.spool.used == 0


@pytest.mark.parametrize("route", ["remove_background", "jobs", "v1.0/removebg", "api/remove"])
def test_routes_of_photos_refuse_films(service, film, route):
    field = {"v1.0/removebg": "image_file", "api/remove": "file"}.get(route, "image")
    answer = requests.post(f"{service.url}/{route}", files={field: film.read_bytes()}, timeout=30)
    assert answer.status_code == (400 if route == "v1.0/removebg" else 415)
    assert "is a film, and here photos are cut" in answer.text


def test_routes_of_photos_refuse_a_film_s_job(service, film):
    job = hand_in(service.url, film).json()["id"]
    ended(service.url, job)
    for path in ("layers/cutout", "check?preset=amazon", "preview", "result?format=webp"):
        answer = requests.get(f"{service.url}/jobs/{job}/{path}", timeout=30)
        assert answer.status_code == 400, path
        assert "film" in answer.json()["detail"]
    assert requests.post(f"{service.url}/jobs/{job}/edits", json={}, timeout=30).status_code == 400
    assert requests.get(f"{service.url}/films/{'x' * 22}/preview", timeout=30).status_code == 404


def test_a_frame_is_corrected_and_the_film_cut_anew(service, tmp_path):
    """Two discs: the hint at a time in the middle drops one of them from there on."""
    frames = []
    for number in range(6):
        left = disc(24 + number, width=96)
        frames.append(np.minimum(left, np.roll(left, 44, axis=1)))
    film = write_film(tmp_path / "two.mp4", frames, times=[512 * number for number in range(6)])
    job = hand_in(service.url, film).json()["id"]
    before = ended(service.url, job)
    assert before["state"] == "done"
    at = float(3 * 512 * BASE)
    opened = requests.post(f"{service.url}/films/{job}/frames", params={"time": at + 0.005}, timeout=60)
    assert opened.status_code == 202, opened.text
    frame = opened.json()
    assert frame["time"] == pytest.approx(at)
    assert ended(service.url, frame["id"])["state"] == "done"
    picture = requests.get(f"{service.url}/jobs/{frame['id']}/result", timeout=30)
    assert Image.open(io.BytesIO(picture.content)).size == (96, 64)
    hints = {"drop": [[71, 32]]}
    edited = requests.post(f"{service.url}/jobs/{frame['id']}/edits", json=hints, timeout=30)
    assert edited.status_code == 200, edited.text
    # of the first frame nothing is said: an entry of its own keeps it as it was
    entries = [{"time": 0}, {"time": frame["time"], **hints}]
    again = requests.post(f"{service.url}/films/{job}/again", params=ART, json=entries, timeout=60)
    assert again.status_code == 202, again.text
    assert again.json()["id"] == job
    after = ended(service.url, job)
    assert after["state"] == "done"
    assert [entry["time"] for entry in after["film"]["hints"]] == [0, pytest.approx(at)]
    seen = pixels_of(requests.get(f"{service.url}/jobs/{job}/result", timeout=30).content, tmp_path)
    assert seen[1][32, 71 - 2, 3] > 240
    assert seen[4][32, 71, 3] < 16
    assert seen[4][32, 28, 3] > 240


def test_again_refuses_what_is_no_list_of_hints(service, film):
    job = hand_in(service.url, film).json()["id"]
    ended(service.url, job)
    answer = requests.post(f"{service.url}/films/{job}/again", params=ART, json=[{"keep": [[1, 1]]}], timeout=30)
    assert answer.status_code == 400
    assert '"time" in seconds' in answer.json()["detail"]
    answer = requests.post(f"{service.url}/films/{job}/frames", params={"time": 99}, timeout=30)
    assert answer.status_code == 422


def test_a_frame_that_cannot_be_opened_leaves_nothing_behind(own_service, film):
    with own_service() as service:
        job = hand_in(service.url, film).json()["id"]
        ended(service.url, job)
        held = service.desk.spool.used
        answer = requests.post(f"{service.url}/films/{job}/frames", params={"time": 99}, timeout=30)
        assert answer.status_code == 422
        assert list((service.settings.spool / "passing").iterdir()) == []
        assert service.desk.spool.used == held
        assert service.emptied()


def test_without_the_extra_films_are_415(service, film, tmp_path, monkeypatch):
    true = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "av" else true(name, *a))
    answer = hand_in(service.url, film)
    assert answer.status_code == 415
    assert "cannot read films" in answer.json()["detail"]
    assert "gigamatte[film]" in answer.json()["hint"]
    animated = tmp_path / "a.gif"
    pictures = [Image.fromarray(one) for one in moving(3)]
    pictures[0].save(animated, save_all=True, append_images=pictures[1:], duration=80)
    answer = hand_in(service.url, animated, format="webp")
    assert answer.status_code == 202


def test_a_film_that_was_being_cut_goes_on_after_a_restart(own_service, film, tmp_path):
    from gigamatte.service.film_options import FilmQuery
    from gigamatte.service.record import Record
    from gigamatte.service.spool import Spool, new_id

    folder = tmp_path / "held"
    with own_service() as first:
        settings = first.settings
        kept = FilmQuery(kind="art").kept(settings)
    kept["film"] |= {"size": [96, 64], "frames": 8, "seconds": 0.3, "room": 10 << 20}
    spool = Spool(settings.spool, settings.spool_bytes)
    folder.mkdir()
    (folder / "film").write_bytes(film.read_bytes())
    record = Record(new_id(), "", "film.mp4", kept, False, 10 << 20, 96 * 64)
    spool.accept(record, folder)
    spool.close()
    with own_service() as second:
        assert ended(second.url, record.id)["state"] == "done"
