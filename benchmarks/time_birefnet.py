"""BiRefNet with made-up weights: seconds and memory per runtime, each measured in a process of its own.

    python benchmarks/time_birefnet.py                    Swin-L at 1024×1024, every runtime that is installed
    python benchmarks/time_birefnet.py --backbone t --size 256 --runs 2          a quick look
    python benchmarks/time_birefnet.py --json results.json

Weights are stored as float16, as the published ones are. ``start`` is from the start of the process to the moment
when the first picture could be run, through ``open_network``: the digest of the weights is checked, the graph is built
(first start) or found (second start), compiled or loaded. Nothing else should run on the machine meanwhile.
"""  # fmt: skip

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from report import parser, publish

LISTINGS = Path(__file__).parents[1] / "tests" / "golden" / "birefnet"
ENGINES = ("openvino f32", "openvino bf16", "onnxruntime cpu", "onnxruntime cuda")


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--backbone", choices=("l", "t"), default="l")
    words.add_argument("--size", type=int, default=1024, help="side of the square, a multiple of 64")
    words.add_argument("--threads", type=int, default=0, help="0: all that the machine grants")
    words.add_argument("--runs", type=int, default=3, help="inferences per runtime; the median is reported")
    words.add_argument("--engines", default=",".join(ENGINES), help="comma-separated")
    words.add_argument("--json", type=Path, help="also write the figures to this file")
    words.add_argument("--page", type=Path, help="put the table into this page")
    words.add_argument("--child", help=argparse.SUPPRESS)
    words.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    wanted = words.parse_args()
    if wanted.child:
        print(json.dumps(child(wanted)))
        return
    with tempfile.TemporaryDirectory(prefix="time_birefnet.") as folder:
        wanted.folder = Path(folder)
        rows = measure(wanted)
    print(table(wanted, rows))
    if wanted.page:
        publish("birefnet", "BiRefNet on a CPU", table(wanted, rows), wanted.page)
    if wanted.json:
        wanted.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))


def measure(wanted: argparse.Namespace) -> list[dict[str, Any]]:
    in_child(wanted, "prepare")
    rows = [in_child(wanted, engine) for engine in wanted.engines.split(",")]
    return [*rows, in_child(wanted, "first start"), in_child(wanted, "second start")]


def in_child(wanted: argparse.Namespace, what: str) -> dict[str, Any]:
    words = [sys.executable, __file__, "--child", what, "--folder", str(wanted.folder), "--backbone", wanted.backbone]
    words += ["--size", str(wanted.size), "--threads", str(wanted.threads), "--runs", str(wanted.runs)]
    places = {"GIGAMATTE_CACHE": str(wanted.folder / "cache"), "GIGAMATTE_CARDS": str(wanted.folder / "cards.toml")}
    born = {"BORN": repr(time.time())}
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **places, **born}, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"what": what, "not run": lines[-1] if lines else f"exit {done.returncode}"}
    return {"what": what, **json.loads(done.stdout.splitlines()[-1])}


def child(wanted: argparse.Namespace) -> dict[str, Any]:
    if wanted.child == "prepare":
        return prepare(wanted)
    from gigamatte.system import peak_rss_mb

    figures = start(wanted) if wanted.child.endswith("start") else run(wanted)
    return {**figures, "peak_rss_mb": round(peak_rss_mb())}


def prepare(wanted: argparse.Namespace) -> dict[str, Any]:
    """A checkpoint as it is published, a card for it, and its graph."""
    from safetensors.numpy import save_file

    from gigamatte.network.build.birefnet import BACKBONES, build
    from gigamatte.network.build.checkpoint import SafetensorsFile
    from gigamatte.testing.made_up_weights import MadeUpWeights
    from gigamatte.types import Size

    weights = MadeUpWeights(LISTINGS / f"swin_v1_{wanted.backbone}.state_dict.json", dtype="float16")
    path = wanted.folder / "model.safetensors"
    save_file({name: weights.load(name) for name in weights.names()}, path)
    backbone = f"birefnet-swin-{wanted.backbone}"
    (wanted.folder / "cards.toml").write_text(
        f'[[model]]\nname = "made-up"\npath = "model.safetensors"\nlicence = "none"\nsize = {wanted.size}\n'
        f'output = "logits"\nbuild = "{backbone}"\nmultiple = 64\n'
    )
    began = time.perf_counter()
    with (wanted.folder / "graph.onnx").open("wb") as file:
        build(SafetensorsFile(path), BACKBONES[backbone], Size(wanted.size, wanted.size), "old", file)
    return {"build_s": round(time.perf_counter() - began, 2), "bytes": (wanted.folder / "graph.onnx").stat().st_size}


def run(wanted: argparse.Namespace) -> dict[str, Any]:
    """Load the graph in one runtime, run it a few times. The first run is not counted, because it allocates buffers."""
    from gigamatte.testing.made_up_weights import golden_input

    runtime, mode = wanted.child.split()
    graph = wanted.folder / "graph.onnx"
    began = time.perf_counter()
    if runtime == "openvino":
        from gigamatte.network.engines.openvino import OpenVinoEngine

        engine: Any = OpenVinoEngine.open(graph, threads=wanted.threads, precision=mode)
    else:
        from gigamatte.network.engines.onnx import OnnxRuntimeEngine

        engine = OnnxRuntimeEngine.open(graph, device=mode, threads=wanted.threads)
    loaded = time.perf_counter() - began
    tensor = golden_input(wanted.size, wanted.size)
    seconds = []
    for _ in range(wanted.runs + 1):
        began = time.perf_counter()
        answer = engine.run(tensor)
        seconds.append(time.perf_counter() - began)
    return {
        "load_s": round(loaded, 2),
        "first_s": round(seconds[0], 2),
        "run_s": round(statistics.median(seconds[1:]), 2),
        "precision": engine.precision,
        "difference": difference(wanted, answer),
    }


def difference(wanted: argparse.Namespace, logits: Any) -> float:
    """Largest difference of alpha from what the first runtime of this benchmark answered."""
    import numpy as np

    alpha, reference = 1 / (1 + np.exp(-logits)), wanted.folder / "reference.npy"
    if not reference.exists():
        np.save(reference, alpha)
    return round(float(np.abs(alpha - np.load(reference)).max()), 6)


def start(wanted: argparse.Namespace) -> dict[str, Any]:
    from gigamatte.network.networks import open_network

    network = open_network("made-up", device="cpu", threads=wanted.threads)
    return {"start_s": round(time.time() - float(os.environ["BORN"]), 2), "precision": network.engine.precision}


def machine() -> str:
    from gigamatte.network.engines.report import cpu
    from gigamatte.system import cpu_count

    found = cpu()
    return f"{found['name']}, {cpu_count()} CPUs, {platform.system()} {platform.machine()}; {found['precision']}"


def table(wanted: argparse.Namespace, rows: list[dict[str, Any]]) -> str:
    lines = [
        f"BiRefNet Swin-{wanted.backbone.upper()} at {wanted.size}×{wanted.size}, made-up weights; {machine()}",
        "",
        "| | load or start, s | inference, s | peak RSS, MB | largest difference of alpha |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        if "not run" in row:
            lines.append(f"| {row['what']} | not run: {row['not run']} | | | |")
            continue
        cells = (
            row.get("load_s", row.get("start_s")),
            row.get("run_s", ""),
            row["peak_rss_mb"],
            row.get("difference", ""),
        )
        lines.append(f"| {row['what']} ({row['precision']}) | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
