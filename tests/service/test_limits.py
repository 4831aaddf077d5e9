"""Full queues, quotas, draining, health and metrics."""

import threading
import time

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
    with own_service(queue_depth=2, inflight=1) as service:
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
