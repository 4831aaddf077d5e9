"""``gigamatte doctor``: what is installed, which device and precision a cut will use, and why not another."""

from __future__ import annotations

import platform
from typing import Annotated, Any

import typer

from gigamatte.cli.streams import json_text
from gigamatte.messages import translate
from gigamatte.messages.plural import plural


def doctor(as_json: Annotated[bool, typer.Option("--json", help="plain data instead of lines")] = False) -> None:
    """Say what is installed, which device and precision are used, and why a GPU is not.

    The embedded network is run once on each device that works, and its seconds are shown.
    """
    report = examine()
    if as_json:
        print(json_text(report, indent=1))
    else:
        for line in _lines(report):
            print(line)
    if report["problems"]:
        raise typer.Exit(1)


def examine() -> dict[str, Any]:
    """All findings as plain data."""
    from gigamatte import __version__
    from gigamatte.folders import cache_folder, cards_place
    from gigamatte.network.engines import report as engines
    from gigamatte.network.engines.startup import keep, pays_from
    from gigamatte.system import available_memory, cpu_count

    memory = available_memory()
    runtimes, gpus = engines.runtimes(), engines.gpus()
    networks, problems = _networks()
    problems += [
        f"{name}: {found['why_not']}" for name, found in runtimes.items() if found.get("needed") and found["why_not"]
    ]
    looks = engines.inferences(name for name, found in gpus.items() if not found["why_not"])
    keep(looks)
    return {
        "gigamatte": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": cpu_count(),
        "memory_available_gb": round(memory / 1e9, 1) if memory else None,
        "packages": _packages(),
        "cpu": engines.cpu(),
        "runtimes": runtimes,
        "gpus": gpus,
        "inference": looks,
        "cuda_pays_from": None if gpus["cuda"]["why_not"] else pays_from(),
        "networks": networks,
        "cache": str(cache_folder()),
        "cards": str(cards_place()),
        "problems": problems,
    }


def _packages() -> dict[str, str | None]:
    from importlib import metadata

    names = (
        "numpy", "opencv-python-headless", "pyvips", "pillow", "openvino", "onnx", "safetensors", "huggingface-hub",
        "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml",
    )  # fmt: skip
    found: dict[str, str | None] = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _networks() -> tuple[dict[str, Any], list[str]]:
    from gigamatte.errors import GigamatteError
    from gigamatte.network.cards.checkpoints import all_cards
    from gigamatte.network.networks import choose
    from gigamatte.network.weights.store import installed

    try:
        here = [card.name for card in all_cards() if installed(card)]
        return {"auto": choose(), "installed": here}, []
    except GigamatteError as error:
        return {"auto": None, "installed": []}, [f"{error.message}; {error.hint}" if error.hint else error.message]


def _lines(report: dict[str, Any]) -> list[str]:
    memory = report["memory_available_gb"]
    cpu = translate(f"CPU: {report['cpus']} usable, {report['cpu']['name']}")
    packages = ", ".join(f"{name} {version}" for name, version in report["packages"].items() if version)
    networks = report["networks"]
    return [
        f"gigamatte {report['gigamatte']}, Python {report['python']}, {report['system']}",
        cpu + (translate(f"; {memory} GB of memory free") if memory else ""),
        translate(f"precision on this CPU: {translate(report['cpu']['precision'])}"),
        translate(f"packages: {packages}"),
        *_device_lines(report),
        *_inference_lines(report["inference"]),
        translate(f"networks: {', '.join(networks['installed']) or '-'}; --model auto takes {networks['auto']}"),
        translate(f"cache: {report['cache']}; your model cards: {report['cards']}"),
        *_problem_lines(report["problems"]),
    ]


def _device_lines(report: dict[str, Any]) -> list[str]:
    lines = []
    for name, found in report["runtimes"].items():
        lines.append(translate(f"runtime {name}: {translate(found['why_not']) or found['version']}"))
    for name, found in report["gpus"].items():
        if found["why_not"]:
            lines.append(translate(f"device {name}: no: {_reasons(found['why_not'])} ({translate(found['hint'])})"))
        else:
            lines.append(translate(f"device {name}: usable"))
    if all(found["why_not"] for found in report["gpus"].values()):
        lines.append(translate("--device auto takes the CPU: no GPU runtime is usable here"))
    if (least := report["cuda_pays_from"]) is not None:
        lines.append(
            translate(
                "--device auto takes cuda for the embedded network "
                f"from {least} photo{plural(least)} on, and where it stays"
            )
        )
    return lines


def _inference_lines(inferences: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for name, found in inferences.items():
        if "failed" in found:
            lines.append(translate(f"{name}: the embedded network failed: {_reasons(found['failed'])}"))
            continue
        run, load, precision = f"{found['run_s']:.3f}", f"{found['load_s']:.2f}", found["precision"]
        lines.append(translate(f"{name}: a look of the embedded network in {run} s, {precision}; loaded in {load} s"))
    return lines


def _problem_lines(problems: list[str]) -> list[str]:
    if not problems:
        return [translate("no problems found")]
    return [translate(f"problem: {_reasons(problem)}") for problem in problems]


def _reasons(text: str) -> str:
    """A text whose parts are translated one by one, because reasons come in any combination."""
    return translate("; ").join(translate(part) for part in text.split("; "))
