"""Full queues, quotas, draining, health and metrics."""

import socket
import struct
import threading
import time
import zlib

import pytest
import requests

from .conftest import picture_of


def post(service, pictures, **more):
    return requests.post(f"{service.url}/remove_background", files={"image": pictures["jpeg"]}, timeout=60, **more)


def posting(service, pictures, count):
    """(answers, threads): so many clients at once; the answers are complete when the threads have ended."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(post(service, pictures))) for _ in range(count)]
    for thread in threads:
        thread.start()
    return answers, threads


def test_a_full_queue_is_503_with_retry_after_and_nothing_accepted_is_lost(own_service, pictures):
    with own_service(queue_depth=2, inflight=1, per_client=0) as service:
        answers, threads = posting(service, pictures, 12)
        for thread in threads:
            thread.join()
        good = [answer for answer in answers if answer.status_code == 200]
        full = [answer for answer in answers if answer.status_code == 503]
        assert len(good) + len(full) == 12
        assert len(good) >= 2
        assert full
        for answer in good:
            assert picture_of(answer).size == (400, 300)
        for answer in full:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json()["code"] == "busy"
        assert service.emptied()


def test_megapixels_bound_the_queue_but_one_photo_always_gets_in(own_service, pictures):
    with own_service(queue_megapixels=0.001) as service:
        assert post(service, pictures).status_code == 200
        service.desk.pixels += 1
        answer = post(service, pictures)
        assert answer.status_code == 503
        assert "megapixels" in answer.json()["detail"]
        service.desk.pixels -= 1


def test_a_client_over_its_quota_is_429(own_service, pictures):
    with own_service(rate_per_minute=2) as service:
        codes = [post(service, pictures).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        answer = post(service, pictures)
        assert int(answer.headers["retry-after"]) >= 1
    with own_service(per_client=1) as service:
        service.desk._per_client["127.0.0.1"] = 1
        assert post(service, pictures).status_code == 429


def test_a_photo_over_the_pixel_budget_is_422_before_it_is_decoded(own_service, pictures):
    with own_service(max_pixels=100_000) as service:
        answer = post(service, pictures)
        assert answer.status_code == 422
        assert answer.json()["code"] == "budget"


def test_a_service_that_drains_is_not_ready_and_takes_nothing(own_service, pictures):
    with own_service() as service:
        service.desk.draining = True
        ready = requests.get(f"{service.url}/readyz", timeout=30)
        assert ready.status_code == 503
        assert "shutting down" in ready.json()["reasons"][0]
        answer = post(service, pictures)
        assert answer.status_code == 503
        assert "shutting down" in answer.json()["detail"]
        assert requests.get(f"{service.url}/livez", timeout=30).status_code == 200


def test_who_still_waits_when_the_time_to_drain_is_over_gets_an_answer(own_service, pictures):
    with own_service(drain_seconds=0, inflight=1) as service:
        answers, threads = posting(service, pictures, 6)
        until = time.monotonic() + 30
        while service.desk.depth < 3 and time.monotonic() < until:
            time.sleep(0.002)
        service.desk._loop.call_soon_threadsafe(service.desk.drain)
        for thread in threads:
            thread.join()
        codes = sorted(answer.status_code for answer in answers)
        assert len(codes) == 6
        assert set(codes) <= {200, 503}
        refused = [answer for answer in answers if answer.status_code == 503]
        assert refused
        assert all("shutting down" in answer.json()["detail"] for answer in refused)
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)


def upload_begun(service, client=None):
    """A connection on which a photo has begun to arrive, and nothing more comes."""
    sock = service.connect()
    sock.sendall(
        b"POST /remove_background HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
        + (f"X-API-Key: {client}\r\n".encode() if client else b"")
        + b"Content-Length: 100000\r\n\r\n\xff\xd8\xff"
    )
    return sock


def test_slow_uploads_stop_nobody(own_service, pictures, tmp_path):
    """A fault of the past: 64 slow uploads took all places of the queue, and no other photo was accepted."""
    from gigamatte.service.keys import digest

    (tmp_path / "keys").write_text("".join(f"{name}:{digest(name)}\n" for name in ("anna", "bert")))
    with own_service(keys_file=tmp_path / "keys", queue_depth=8) as service:
        slow = [upload_begun(service, "anna") for _ in range(12)]
        until = time.monotonic() + 30
        while service.desk.uploads < 4:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert service.desk.depth == 0
        # half of the queue is the most that one client may have under way; the others are told so
        refused = [sock for sock in slow if is_answered(sock)]
        assert [sock.recv(12) for sock in refused] == [b"HTTP/1.1 429"] * 8
        assert post(service, pictures, headers={"x-api-key": "anna"}).status_code == 429
        assert post(service, pictures, headers={"x-api-key": "bert"}).status_code == 200
        for sock in slow:
            sock.close()
        until = time.monotonic() + 30
        while service.desk.uploads:
            assert time.monotonic() < until
            time.sleep(0.02)


def is_answered(sock, seconds=2.0):
    sock.settimeout(seconds)
    try:
        return sock.recv(1, socket.MSG_PEEK) != b""
    except TimeoutError:
        return False


def test_64_slow_uploads_by_default(own_service, pictures):
    with own_service(per_client=0) as service:
        slow = [upload_begun(service) for _ in range(64)]
        until = time.monotonic() + 30
        while service.desk.uploads < 64:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert post(service, pictures).status_code == 200
        for sock in slow:
            sock.close()


def flat_png(width, height):
    """A picture that packs to next to nothing."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xc8\x5a\x14" * width) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_results_are_reserved_and_one_client_cannot_fill_the_spool(own_service, pictures, tmp_path):
    from gigamatte.service.keys import digest

    (tmp_path / "keys").write_text("".join(f"{name}:{digest(name)}\n" for name in ("anna", "bert")))
    small = flat_png(3000, 2500)  # 30 MB as an RGBA TIFF without packing
    assert len(small) < 35_000
    with own_service(keys_file=tmp_path / "keys", spool_bytes="100M") as service:

        def hand_in(name, data=small):
            url = f"{service.url}/jobs?format=tiff&compress=none&keep_empty=true"
            return requests.post(url, files={"image": data}, headers={"x-api-key": name}, timeout=60)

        jobs = [hand_in("anna") for _ in range(3)]
        assert [job.status_code for job in jobs] == [202, 429, 429]
        assert "of the 50 that one client may have" in jobs[1].json()["detail"]
        assert int(jobs[1].headers["retry-after"]) >= 1
        assert hand_in("bert").status_code == 202
        # what can never fit is not to be tried again
        answer = hand_in("bert", flat_png(5000, 4000))
        assert (answer.status_code, answer.json()["code"]) == (422, "budget")
        until = time.monotonic() + 120
        while service.desk.depth:
            assert time.monotonic() < until
            time.sleep(0.05)
        # what they hold now is what was written, and it goes with the job
        held = dict(service.desk.spool._held)
        assert 30e6 < held["anna"] < 33e6
        requests.delete(service.url + jobs[0].json()["links"]["self"], headers={"x-api-key": "anna"}, timeout=30)
        assert service.desk.spool._held["anna"] == 0
        assert hand_in("anna").status_code == 202


def test_room_is_kept_for_a_canvas_and_its_pixels_count_in_the_queue(own_service, pictures):
    with own_service(spool_bytes="60M", queue_megapixels=20) as service:

        def hand_in(**query):
            query = {"format": "tiff", "compress": "none", "keep_empty": "true"} | query
            return requests.post(f"{service.url}/jobs", params=query, files={"image": pictures["png"]}, timeout=60)

        # 400×300 pixels each, whose results would fill the spool
        for query in ({"canvas": "4000x4000"}, {"crop": "true", "margin": "400"}, {"aspect": "1:9", "fill": "12"}):
            answer = hand_in(**query)
            assert (answer.status_code, answer.json()["code"]) == (422, "budget"), query
        service.desk.pixels += 19_000_000
        answer = hand_in(canvas="1100x1000")
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert "19 megapixels" in answer.json()["detail"]
        assert hand_in(canvas="900x1000").status_code == 202
        service.desk.pixels -= 19_000_000
        assert service.emptied()
        assert service.desk.pixels == 0


def test_not_ready_says_why(own_service):
    with own_service(queue_depth=2) as service:
        until = time.monotonic() + 60
        while not service.desk.supervisor.warmed.done() and time.monotonic() < until:
            time.sleep(0.05)

        def reasons():
            answer = requests.get(f"{service.url}/readyz", timeout=30)
            assert (answer.status_code == 503) == bool(answer.json()["reasons"])
            return " ".join(answer.json()["reasons"])

        assert reasons() == ""
        service.desk.depth = 2
        assert "2 photos waiting already" in reasons()
        service.desk.depth = 0
        spool = service.desk.spool
        spool._add("a", spool.limit)
        assert "the spool is full: 21.5 of 21.5 GB" in reasons()
        spool._add("a", -spool.limit)


def test_a_path_that_is_not_there_is_404_whatever_comes_with_it(service, pictures):
    for path in ("/remove-background", "/v1/removebg", "/upload"):
        answer = requests.post(service.url + path, files={"image": bytes(1 << 20)}, timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    answer = requests.post(f"{service.url}/about", data=bytes(1 << 20), timeout=30)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_answered_as_get_without_a_body(service, pictures):
    job = requests.post(f"{service.url}/jobs", files={"image": pictures["jpeg"]}, timeout=60).json()
    while requests.get(service.url + job["links"]["self"], timeout=30).json()["state"] in ("queued", "running"):
        time.sleep(0.02)
    answered = [link for name, link in job["links"].items() if name != "edits"]  # which takes hints: POST alone
    for path in ("/", "/livez", "/about", "/openapi.json", "/docs", "/assets/app.js", *answered):
        head, got = (ask(service.url + path, timeout=30) for ask in (requests.head, requests.get))
        assert head.status_code == got.status_code == 200
        assert head.content == b""
        for name in ("content-type", "etag", "content-length"):
            assert head.headers.get(name) == got.headers.get(name) or path.endswith("/events")
    assert requests.head(f"{service.url}/jobs", timeout=30).status_code == 405
    assert requests.head(f"{service.url}/nowhere", timeout=30).status_code == 404


def test_new_connections_are_told_to_come_again_while_draining(own_service, pictures):
    with own_service(drain_seconds=20) as service:
        waiting = upload_begun(service)  # a request in flight
        while not service.app.state.requests:
            time.sleep(0.02)
        threading.Thread(target=service.close).start()
        until = time.monotonic() + 10
        while not service.desk.draining:
            assert time.monotonic() < until
            time.sleep(0.02)
        answer = post(service, pictures)
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["connection"] == "close"
        assert requests.get(f"{service.url}/", timeout=30).status_code == 503
        assert requests.get(f"{service.url}/livez", timeout=30).status_code == 200
        assert requests.get(f"{service.url}/readyz", timeout=30).status_code == 503
        waiting.close()
        service._thread.join(15)
        assert not service._thread.is_alive()  # nothing is in flight any more: the time is not waited for


def test_ready_once_the_network_has_run(service):
    answer = requests.get(f"{service.url}/readyz", timeout=30)
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "reasons": []})


def test_not_ready_without_its_network(own_service, tmp_path):
    with own_service(model=str(tmp_path / "none.onnx")) as service:
        until = time.monotonic() + 60
        while not service.desk.supervisor.warmed.done() and time.monotonic() < until:
            time.sleep(0.05)
        answer = requests.get(f"{service.url}/readyz", timeout=30)
        assert answer.status_code == 503
        assert "none.onnx" in answer.json()["reasons"][0]


def metrics_of(service):
    text = requests.get(f"{service.url}/metrics", timeout=30).text
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))


def test_metrics(service, pictures):
    post(service, pictures)
    counted = 'gigamatte_requests_total{method="POST",route="/remove_background",status="200"}'
    until = time.monotonic() + 30
    while counted not in (values := metrics_of(service)):  # a request is counted after its answer has left
        assert time.monotonic() < until
        time.sleep(0.02)
    assert float(values[counted]) >= 1
    assert float(values['gigamatte_photos_total{outcome="cut"}']) >= 1
    assert float(values['gigamatte_stage_seconds_count{stage="matte"}']) >= 1
    assert float(values["gigamatte_photo_pixels_total"]) >= 400 * 300
    assert float(values["gigamatte_worker_memory_bytes"]) > 1e6
    assert values["gigamatte_ready"] == "1.0"


def test_unknown_paths_share_a_label(service):
    for n in range(3):
        assert requests.get(f"{service.url}/nowhere-{n}", timeout=30).status_code == 404
    assert "nowhere" not in requests.get(f"{service.url}/metrics", timeout=30).text


def test_about_tells_networks_and_limits(service):
    about = requests.get(f"{service.url}/about", timeout=30).json()
    assert about["limits"]["pixels"] == 300_000_000
    assert about["keys"] is False
    assert isinstance(about["models"], dict)


def test_wrong_methods_are_405(service):
    answer = requests.get(f"{service.url}/remove_background", timeout=30)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["code"] == "method-not-allowed"


def test_a_request_id_that_is_plain_is_kept(service):
    for sent, kept in (("abc-1", True), ("a" * 65, False), ("<b>", False)):
        got = requests.get(f"{service.url}/livez", headers={"x-request-id": sent}, timeout=30).headers["x-request-id"]
        assert (got == sent) is kept


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "holds no API key"), ("anna:short\n", "line 1: expected NAME:SHA256"), (None, "cannot be read")],
)
def test_a_file_of_keys_that_is_off_stops_the_start(tmp_path, text, words):
    from gigamatte.errors import UsageError
    from gigamatte.service.app import create_app
    from gigamatte.service.settings import Settings

    keys = tmp_path / "keys"
    if text is not None:
        keys.write_text(text)
    with pytest.raises(UsageError, match=words):
        create_app(Settings(keys_file=keys, spool=tmp_path / "spool"))
