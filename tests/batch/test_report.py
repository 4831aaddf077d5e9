"""The report of a batch, in both languages."""

import html
import json
import re

from batch_helpers import run, save_photo, save_photos

from gigamatte.batch.export import export
from gigamatte.batch.plan import Plan
from gigamatte.batch.report import write_report
from gigamatte.options import Options


def test_the_report_shows_the_least_sure_first_and_escapes_names(tmp_path, mask):
    source, out = tmp_path / "in", tmp_path / "out"
    save_photos(source, 3)
    save_photo(source / "<script>alert(1)</script>&.jpg", 4)
    (source / "bad<i>.jpg").write_bytes(b"junk")
    page, lines = tmp_path / "report.html", tmp_path / "photos.jsonl"
    options = Options(mask=mask)
    plan = Plan(str(source), str(out), options)

    def finish(manifest, summary):
        export(manifest, lines)
        write_report(page, plan, manifest, summary)

    run(source, out, options, finish=finish)
    text = page.read_text("utf-8")
    exported = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert len(exported) == 5
    done = [line for line in exported if line["state"] == "done"]
    assert all(line["sha256"] and line["receipt"]["doubt"]["score"] == line["doubt"] for line in done)
    assert next(line for line in exported if line["state"] != "done")["error"]["code"] == "input-unsupported"
    least_sure_first = sorted(done, key=lambda line: (-line["doubt"], line["path"]))
    shown = [text.index(f"<b>{html.escape(line['path'])}</b>") for line in least_sure_first]
    assert shown == sorted(shown)
    doubts = [f"width:{line['doubt']:.0%};--whole:{1 / max(line['doubt'], 0.01):.0%}" for line in least_sure_first]
    assert all(style in text for style in doubts)
    assert "<script>alert" not in text
    assert "bad&lt;i&gt;.jpg" in text
    assert text.count("data:image/webp;base64,") == 4
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert 'href="out/set0/photo000.cutout.png"' in text


def test_the_report_is_whole_in_chinese_and_says_what_it_leaves_out(tmp_path, mask, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    source, out, page = tmp_path / "in", tmp_path / "out", tmp_path / "report.html"
    save_photos(source, 3)
    (source / "notes.jpg").write_bytes(b"junk, no photo")
    plan = Plan(str(source), str(out), Options(mask=mask), shard=(1, 1))

    def finish(manifest, summary):
        write_report(page, plan, manifest, summary)

    run(source, out, plan.options, finish=finish)
    (out / "set0" / "photo000.cutout.png").write_bytes(b"retouched")
    run(source, out, plan.options, finish=finish)
    text = re.sub(r"<style>.*?</style>|<script.*?</script>|data:[^\"]*", "", page.read_text("utf-8"), flags=re.DOTALL)
    for word in ("照片", "本次已抠", "未变", "待处理", "百万像素/秒", "读取", "写入", "合计", "被手动改动过而保留"):
        assert word in text
    assert "实际是一段文字，开头是" in text
    assert "notes.jpg：" not in text  # its name stands in a column of its own
    assert ">total<" not in text
    assert "分片" not in text
    plan = Plan(str(source), str(out), Options(mask=mask), shard=(1, 3))
    run(source, out, plan.options, shard=(1, 3), finish=finish)
    assert "仅为第 1 个分片（共 3 个）" in page.read_text("utf-8")
