"""Jobs: handed in, followed, fetched, removed; kept through a restart; private to their key."""

import io
import json
import re
import threading
import time
import zipfile
from pathlib import Path

import pytest
import requests
from PIL import Image

from gigamatte.options import Options
from gigamatte.service.keys import digest
from gigamatte.service.record import Record
from gigamatte.service.spool import Spool, new_id
from gigamatte.worker.view import write_view
from gigamatte.worker.wire import View, pack_options

from .conftest import picture_of


def hand_in(service, pictures, query="", photo="jpeg", name="photo.jpg", headers=None):
    files = {"image": (name, pictures[photo])}
    response = requests.post(f"{service.url}/jobs{query}", files=files, headers=headers, timeout=60)
    assert response.status_code == 202, response.text
    return response


def wait_for(service, location, headers=None):
    until = time.monotonic() + 180
    while time.monotonic() < until:
        job = requests.get(service.url + location, headers=headers, timeout=30).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def test_a_job_from_photo_to_result(service, pictures):
    response = hand_in(service, pictures, "?crop=true")
    location = response.headers["location"]
    assert response.headers["retry-after"] == "1"
    job = wait_for(service, location)
    assert job["state"] == "done"
    assert job["progress"] == 1
    assert job["file_name"] == "photo.cutout.png"
    assert job["receipt"]["model"]["name"] == "warm"
    assert job["receipt"]["output"] is None  # a client must not learn the paths of files
    result = requests.get(service.url + job["links"]["result"], timeout=30)
    assert picture_of(result).width == job["receipt"]["width"] < 400
    assert requests.delete(service.url + location, timeout=30).status_code == 204
    assert requests.get(service.url + location, timeout=30).status_code == 404
    assert not (service.settings.spool / "jobs" / job["id"]).exists()


def test_events_follow_it_to_the_end(service, pictures):
    location = hand_in(service, pictures).headers["location"]
    with requests.get(f"{service.url}{location}/events", stream=True, timeout=60) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text = stream.raw.read().decode()
    events = [block.split("\n") for block in text.strip().split("\n\n")]
    names = [event[0].removeprefix("event: ") for event in events]
    assert names[-1] == "ended"
    assert set(names[:-1]) <= {"progress"}
    last = json.loads(events[-1][1].removeprefix("data: "))
    assert last["state"] == "done"


def test_a_job_that_fails_says_why_everywhere(service, pictures):
    location = hand_in(service, pictures, photo="black").headers["location"]
    job = wait_for(service, location)
    assert job["state"] == "failed"
    assert job["error"]["code"] == "no-subject"
    result = requests.get(f"{service.url}{location}/result", timeout=30)
    assert result.status_code == 422
    assert result.json()["code"] == "no-subject"


def test_the_photo_of_a_job_without_a_subject_can_be_seen(service, pictures):
    location = hand_in(service, pictures, photo="black").headers["location"]
    assert wait_for(service, location)["error"]["code"] == "no-subject"
    layer = requests.get(f"{service.url}{location}/layers/photo", timeout=30)
    assert layer.status_code == 200
    assert requests.get(f"{service.url}{location}/layers/photo/0/0", timeout=30).status_code == 200
    assert requests.get(f"{service.url}{location}/layers/cutout", timeout=30).status_code == 422


def test_a_result_before_its_time_is_409(own_service, pictures):
    with own_service(inflight=1) as service:
        locations = [hand_in(service, pictures).headers["location"] for _ in range(4)]
        early = requests.get(f"{service.url}{locations[-1]}/result", timeout=30)
        assert early.status_code in (200, 409)
        if early.status_code == 409:
            assert early.headers["retry-after"] == "1"
        assert requests.delete(service.url + locations[-1], timeout=30).status_code == 204
        assert requests.get(service.url + locations[-1], timeout=30).status_code == 404
        for location in locations[:-1]:
            assert wait_for(service, location)["state"] == "done"
        assert service.emptied()


@pytest.mark.parametrize("job", ["x", "A" * 22, "..%2f..%2fetc", "%00", "💥"])
def test_jobs_that_do_not_exist(service, job):
    for tail in ("", "/result", "/events", "/layers/photo", "/layers/photo/0/0"):
        response = requests.get(f"{service.url}/jobs/{job}{tail}", timeout=30)
        assert response.status_code == 404
        assert response.json()["code"] == "not-found"


def test_a_restart_loses_no_accepted_job(own_service, pictures, tmp_path):
    with own_service(inflight=1) as service:
        locations = [hand_in(service, pictures).headers["location"] for _ in range(5)]
    with own_service(inflight=1) as service:
        for location in locations:
            assert wait_for(service, location)["state"] == "done"
        assert service.emptied()
        assert service.desk.spool.counts() == {"done": 5}


def test_a_job_that_kills_the_service_again_and_again_is_given_up(own_service, pictures, tmp_path):
    spool = Spool(tmp_path / "spool", 1 << 30)
    record = Record(new_id(), "", "photo.jpg", pack_options(Options(format="png")), False, 10, 10)
    arrived = spool.passing()
    (arrived / "image").write_bytes(pictures["jpeg"])
    spool.accept(record, arrived)
    for _ in range(3):
        spool.begin(record.id)
    spool.close()
    with own_service() as service:
        job = wait_for(service, f"/jobs/{record.id}")
    assert job["state"] == "failed"
    assert "ended 3 times" in job["error"]["detail"]


def test_waiting_through_restarts_is_no_attempt(own_service, pictures, monkeypatch):
    """A fault of the past: after three restarts, jobs that had only waited in the queue were given up."""
    from gigamatte.service import routes

    real = routes.Job
    with own_service(inflight=1) as service:
        locations = [hand_in(service, pictures).headers["location"] for _ in range(3)]
    for _ in range(4):
        with monkeypatch.context() as patch:
            patch.setattr("gigamatte.service.desk.Job", lambda source, *rest, **more: real(slow(source), *rest, **more))
            with own_service(inflight=1) as service:
                time.sleep(1.5)
    with own_service(inflight=1) as service:
        for location in locations:
            assert wait_for(service, location)["state"] == "done"


def slow(source):
    """The same photo under a name at which the misbehaving worker takes its time."""
    target = source.with_name("slow.jpg")
    if not target.exists() and source.exists():
        target.write_bytes(source.read_bytes())
    return target


def test_a_job_that_is_removed_in_its_last_moment_is_gone(own_service, pictures, monkeypatch):
    with own_service() as service:
        finish, at_the_end = service.desk.spool.finish, threading.Event()

        def slowly(*given, **more):
            at_the_end.set()
            time.sleep(1)
            finish(*given, **more)

        monkeypatch.setattr(service.desk.spool, "finish", slowly)
        location = hand_in(service, pictures).headers["location"]
        assert at_the_end.wait(60)
        assert requests.delete(service.url + location, timeout=30).status_code == 204
        assert service.emptied()
        assert requests.get(service.url + location, timeout=30).status_code == 404
        assert service.desk.spool.counts() == {}


def test_finished_jobs_expire(own_service, pictures):
    with own_service(ttl_seconds=0.5) as service:
        location = hand_in(service, pictures).headers["location"]
        until = time.monotonic() + 30
        while requests.get(service.url + location, timeout=30).status_code != 404 and time.monotonic() < until:
            time.sleep(0.1)
        assert requests.get(service.url + location, timeout=30).status_code == 404
        assert service.desk.spool.used == 0


def test_a_full_spool_accepts_nothing_more(own_service, pictures):
    with own_service(spool_bytes="20M") as service:
        url, spool = f"{service.url}/jobs", service.desk.spool
        big = pictures["jpeg"] + bytes(11_000_000)  # more than half of it: never to be had by one client
        response = requests.post(url, files={"image": big}, timeout=30)
        assert (response.status_code, response.json()["code"]) == (422, "budget")
        spool.charge(10_000_000, "another client")
        spool.charge(8_000_000, "a third one")
        response = requests.post(url, files={"image": pictures["jpeg"] + bytes(2_000_000)}, timeout=30)
        assert response.status_code == 503
        assert "spool" in response.json()["detail"]
        assert service.emptied()
        assert spool.used == 18_000_000
        spool.refund(10_000_000, "another client")
        assert requests.post(url, files={"image": pictures["jpeg"]}, timeout=30).status_code == 202


def test_two_services_do_not_share_a_spool(own_service, tmp_path):
    from gigamatte.errors import UsageError

    with own_service(), pytest.raises(UsageError, match="locked"):
        Spool(tmp_path / "spool", 1 << 30)


def test_jobs_belong_to_their_key(own_service, pictures, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(f"# two\nanna:{digest('anna-key')}\nbert:{digest('bert-key')}  # later\n")
    anna, bert = {"x-api-key": "anna-key"}, {"authorization": "Bearer bert-key"}
    with own_service(keys_file=keys) as service:
        location = hand_in(service, pictures, headers=anna).headers["location"]
        assert wait_for(service, location, anna)["state"] == "done"
        for tail in ("", "/result", "/events", "/layers/photo"):
            assert requests.get(f"{service.url}{location}{tail}", headers=bert, timeout=30).status_code == 404
        assert requests.delete(service.url + location, headers=bert, timeout=30).status_code == 404
        order = {"jobs": [location.rsplit("/", 1)[-1]]}
        assert requests.post(f"{service.url}/archive", json=order, headers=bert, timeout=30).status_code == 404
        assert requests.get(f"{service.url}{location}/result", headers=anna, timeout=30).status_code == 200
        for wrong in ({}, {"x-api-key": "nope"}, {"authorization": "Basic anna-key"}):
            response = requests.get(service.url + location, headers=wrong, timeout=30)
            assert response.status_code == 401
            assert "Bearer" in response.headers["www-authenticate"]
            assert requests.get(f"{service.url}/metrics", headers=wrong, timeout=30).status_code == 401
        for public in ("/", "/livez", "/about", "/assets/app.js"):
            assert requests.get(service.url + public, timeout=30).status_code == 200


def test_several_results_in_one_zip(service, pictures):
    names = ["../../etc/passwd", "图 片.jpg", "<img src=x>.png"]
    locations = [hand_in(service, pictures, name=name).headers["location"] for name in names]
    for location in locations:
        assert wait_for(service, location)["state"] == "done"
    order = {"jobs": [location.rsplit("/", 1)[-1] for location in locations]}
    response = requests.post(f"{service.url}/archive", json=order, timeout=60)
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as box:
        assert box.testzip() is None
        inside = box.namelist()
    assert inside == ["passwd.cutout.png", "图_片.cutout.png", "img_src_x.cutout.png"]
    assert requests.post(f"{service.url}/archive", json={"jobs": []}, timeout=30).status_code == 400


@pytest.mark.parametrize("photo", ["jpeg", "deep"])
def test_tiles_of_photo_and_cutout(service, pictures, photo):
    location = hand_in(service, pictures, photo=photo).headers["location"]
    wait_for(service, location)
    for kind, wanted in (("photo", "JPEG"), ("cutout", "WEBP")):
        layer = requests.get(f"{service.url}{location}/layers/{kind}", timeout=60).json()
        assert (layer["width"], layer["height"], layer["kind"]) == (400, 300, kind)
        assert layer["levels"][0]["tiles"] == [True]
        tile = requests.get(f"{service.url}{location}/layers/{kind}/0/0", timeout=30)
        with Image.open(io.BytesIO(tile.content)) as picture:
            assert (picture.format, picture.size) == (wanted, (400, 300))
        assert requests.get(f"{service.url}{location}/layers/{kind}/0/1", timeout=30).status_code == 404
    assert requests.get(f"{service.url}{location}/layers/other", timeout=30).status_code == 404


def test_the_tiles_of_a_result_come_with_it(service, pictures, monkeypatch):
    answer = requests.post(f"{service.url}/jobs?view=true", files={"image": pictures["jpeg"]}, timeout=60)
    location = answer.headers["location"]
    wait_for(service, location)
    home = service.desk.spool.home(location.rsplit("/", 1)[-1])
    meanwhile = {file.name: file.read_bytes() for file in (home / "tiles" / "cutout").iterdir()}
    assert sorted(file.name for file in (home / "tiles").iterdir()) == ["cutout"]
    held = service.desk.spool.get(home.name).bytes
    assert held >= sum(map(len, meanwhile.values()))
    write_view(View(home / "result", home / "again", "cutout", 10**8))
    assert meanwhile == {file.name: file.read_bytes() for file in (home / "again").iterdir()}
    asked = requests.get(f"{service.url}{location}/layers/cutout", timeout=60)
    assert asked.content == meanwhile["layer.json"]


def test_without_room_for_tiles_there_is_a_result(own_service, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("gigamatte.service.desk.TILED", 10**9)
    with own_service() as service:
        answer = requests.post(f"{service.url}/jobs?view=true", files={"image": pictures["jpeg"]}, timeout=60)
        location = answer.headers["location"]
        assert wait_for(service, location)["state"] == "done"
        home = service.desk.spool.home(location.rsplit("/", 1)[-1])
        assert not (home / "tiles").exists()


def test_strays_and_passing_files_of_a_former_service_are_removed(tmp_path):
    Spool(tmp_path / "s", 1 << 30).close()
    stray, passing = tmp_path / "s/jobs/stray", tmp_path / "s/passing/x"
    stray.mkdir()
    passing.mkdir()
    Spool(tmp_path / "s", 1 << 30).close()
    assert not stray.exists()
    assert not passing.exists()
    assert Path(tmp_path / "s").stat().st_mode & 0o077 == 0


def test_errors_inside_jobs_speak_the_clients_language_and_of_fields(service, pictures):
    answer = requests.post(f"{service.url}/jobs", files={"image": pictures["black"]}, timeout=60)
    url = service.url + answer.json()["links"]["self"]
    while requests.get(url, timeout=30).json()["state"] in ("queued", "running"):
        time.sleep(0.02)
    english = requests.get(url, timeout=30).json()["error"]
    assert english["code"] == "no-subject"
    assert english["hint"].endswith("normalise says otherwise")  # the service's network here is a user's own file
    chinese = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}
    events = requests.get(f"{url}/events", headers=chinese, timeout=30).text
    told = json.loads(events.split("data: ")[-1])["error"]
    for error in (requests.get(url, headers=chinese, timeout=30).json()["error"], told):
        assert error["title"] == "照片无法使用"
        assert "没有找到" in error["detail"] or "未找到" in error["detail"], error
        assert "--" not in error["hint"]
        assert "normalise" in error["hint"]
    result = requests.get(f"{url}/result", headers=chinese, timeout=30)
    assert result.status_code == 422
    assert result.json()["detail"] == told["detail"]


def test_no_error_of_a_request_speaks_of_options(service, pictures):
    """Errors of shared modules name --option on the command line and the field's name over HTTP."""
    asked = [
        ("?format=jpeg", {}), ("?only=alpha&background=white", {}), ("?compress=lzw", {}),
        ("?format=avif&pyramid=true", {}),
        ("?format=psd&only=alpha", {}), ("?box=9000,9000,10,10", {}), ("?model=none", {}), ("?background=nocolour", {}),
        ("", {"mask": pictures["black"]}),
    ]  # fmt: skip
    for query, more in asked:
        files = {"image": pictures["jpeg"], **more}
        for lang in ("en", "zh"):
            headers = {"accept-language": lang}
            url = f"{service.url}/remove_background{query}"
            answer = requests.post(url, files=files, headers=headers, timeout=60)
            assert answer.status_code in (400, 422), (query, answer.status_code)
            assert "--" not in answer.text, (query, answer.text)


def test_what_is_wrong_with_a_range_is_told_as_other_errors_are(service, pictures):
    job = wait_for(service, hand_in(service, pictures).headers["location"])
    url = service.url + job["links"]["result"]
    whole = requests.get(url, timeout=30).content
    part = requests.get(url, headers={"range": "bytes=2-9"}, timeout=30)
    assert (part.status_code, part.content) == (206, whole[2:10])
    for asked, status, code in (("bytes=two-", 400, "bad-request"), ("bytes=99999999-", 416, "no-such-range")):
        answer = requests.get(url, headers={"range": asked, "accept-language": "zh"}, timeout=30)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert (told["status"], told["code"]) == (status, code)
        assert asked in told["detail"]
        assert re.search("请求|无法识别", told["detail"])
    assert answer.headers["content-range"] == f"bytes */{len(whole)}"


def test_the_photo_is_shown_while_it_is_cut(own_service, pictures):
    with own_service(inflight=1) as service:
        locations = [hand_in(service, pictures).headers["location"] for _ in range(4)]
        early = requests.get(f"{service.url}{locations[-1]}/layers/cutout", timeout=30)
        assert early.status_code == 409
        layer = requests.get(f"{service.url}{locations[-1]}/layers/photo", timeout=30)
        assert layer.status_code == 200, layer.text
        tile = requests.get(f"{service.url}{locations[-1]}/layers/photo/0/0", timeout=30)
        assert tile.headers["content-type"] == "image/jpeg"
        for location in locations:
            assert wait_for(service, location)["state"] == "done"
