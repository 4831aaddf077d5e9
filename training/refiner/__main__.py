"""`python -m training.refiner textures | scenes | located | train | ablate | export | kinds | sheet`."""

from __future__ import annotations

import argparse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "src" / "gigamatte" / "matte" / "refiners" / "refiner.onnx"


def run_textures(arguments: argparse.Namespace) -> None:
    """Cuts photos into squares."""
    from .textures import build

    arguments.cache.mkdir(parents=True, exist_ok=True)
    build(arguments.data, arguments.cache)


def run_scenes(arguments: argparse.Namespace) -> None:
    """Draws the scenes, held-out ones first."""
    from .scenes import write

    write(arguments.data, arguments.cache, "held-out", 256, 99, held_out=True)
    write(arguments.data, arguments.cache, "scenes", arguments.count, arguments.seed, held_out=False)


def run_located(arguments: argparse.Namespace) -> None:
    """Cuts squares with the embedded locator's own masks."""
    from .located import build

    found = build(arguments.data, arguments.renders, arguments.cache, arguments.count, arguments.seed)
    print(", ".join(f"{count} squares that start at level {level}" for level, count in found.items()))


def run_train(arguments: argparse.Namespace) -> None:
    """Trains in one process or several; resumes if the checkpoint is there already."""
    from .train import Plan, Schedule

    plan = Plan(
        arguments.minutes,
        arguments.batch,
        arguments.rate,
        seed=arguments.seed,
        render_share=arguments.render_share,
        shape=(29, arguments.width, arguments.deep, arguments.blocks),
        hidden=tuple(int(v) for v in arguments.hide.split(",") if v),
        ranks=arguments.ranks,
        scenes=arguments.scenes,
        regret=not arguments.no_regret,
        steps=arguments.steps,
    )
    where = arguments.cache, arguments.renders, arguments.checkpoint
    Schedule(plan, *where, arguments.every, arguments.start).run(arguments.port)


def run_ablate(arguments: argparse.Namespace) -> None:
    """Trains every variant for a while and prints how they compare."""
    from .ablations import compare

    compare(arguments.cache, arguments.renders, arguments.scenes, arguments.only)


def run_export(arguments: argparse.Namespace) -> None:
    """Writes the ONNX file of a checkpoint's averaged weights."""
    from .export import export

    print(export(arguments.checkpoint, arguments.output, arguments.mean_with))


def run_sheet(arguments: argparse.Namespace) -> None:
    """Draws a picture of results on held-out renders."""
    from .sheet import sheet

    sheet(arguments.renders, arguments.network, arguments.output)


def run_kinds(arguments: argparse.Namespace) -> None:
    """Prints what the product makes of kinds of masks of held-out scenes."""
    from gigamatte.matte.refiners.neural import NeuralRefiner
    from gigamatte.network.engines.openvino import OpenVinoEngine

    from .kinds import judged

    engine = OpenVinoEngine.open(arguments.network.read_bytes(), threads=1, precision="auto")
    print("| mask | SAD | Grad | worse | kept |\n|---|---|---|---|---|")
    for row in judged(arguments.cache, NeuralRefiner(engine), arguments.count, arguments.seed, arguments.only):
        print(row)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    main = argparse.ArgumentParser(prog="python -m training.refiner", description="Trains the refiner.")
    main.add_argument(
        "--cache", type=Path, default=ROOT.parent / "cache" / "refiner", help="folder of textures and scenes"
    )
    main.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="has train/ and backgrounds/")
    verbs = main.add_subparsers(dest="verb", required=True)
    verbs.add_parser("textures", help="cut photos into squares")
    scenes = verbs.add_parser("scenes", help="draw scenes with exact alpha")
    scenes.add_argument("--count", type=int, default=5000)
    scenes.add_argument("--seed", type=int, default=3)
    located = verbs.add_parser("located", help="scenes with the embedded locator's own masks")
    located.add_argument("--renders", type=Path, required=True, help="folder of straight RGBA renders")
    located.add_argument("--count", type=int, default=600)
    located.add_argument("--seed", type=int, default=17)
    train = verbs.add_parser("train", help="train, or resume training")
    train.add_argument("--minutes", type=float, default=70, help="the whole schedule's length")
    train.add_argument("--scenes", type=int, default=0, help="the whole schedule's length in scenes instead")
    train.add_argument("--start", type=Path, default=None, help="an exported .onnx to start from")
    train.add_argument("--no-regret", action="store_true", help="do not count being worse than classical once more")
    train.add_argument("--steps", type=int, default=0, help="no more doublings than this; 0 takes all")
    train.add_argument("--checkpoint", type=Path, required=True)
    train.add_argument("--renders", type=Path, default=None, help="folder of straight RGBA renders")
    train.add_argument("--render-share", type=float, default=0.3)
    train.add_argument("--batch", type=int, default=4)
    train.add_argument("--rate", type=float, default=3e-3, help="peak learning rate")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--ranks", type=int, default=2, help="processes, one thread each, that train side by side")
    train.add_argument("--port", type=int, default=29517, help="where they meet on this machine")
    train.add_argument("--width", type=int, default=32)
    train.add_argument("--deep", type=int, default=64)
    train.add_argument("--blocks", type=int, default=2)
    train.add_argument("--hide", default="", help="evidence channels to show as zeros, comma list")
    train.add_argument("--every", type=float, default=240.0, help="seconds between checkpoints")
    ablate = verbs.add_parser("ablate", help="what each part is worth: trains every variant for a while")
    ablate.add_argument("--scenes", type=int, default=6000, help="how many scenes each variant sees")
    ablate.add_argument("--renders", type=Path, required=True, help="folder of straight RGBA renders")
    ablate.add_argument("--only", nargs="*", default=[], help="names of variants; default: all")
    export = verbs.add_parser("export", help="write the ONNX file")
    export.add_argument("--checkpoint", type=Path, required=True)
    export.add_argument("--output", type=Path, default=SHIPPED)
    export.add_argument("--mean-with", type=Path, default=None, help="an exported .onnx: average its weights in")
    kinds = verbs.add_parser("kinds", help="what the product makes of kinds of masks of held-out scenes")
    kinds.add_argument("--network", type=Path, default=SHIPPED)
    kinds.add_argument("--count", type=int, default=24, help="photos of four scenes each")
    kinds.add_argument("--seed", type=int, default=7)
    kinds.add_argument("--only", nargs="*", default=[], help="names of kinds; default: all")
    sheet = verbs.add_parser("sheet", help="a picture of results on held-out renders")
    sheet.add_argument("--renders", type=Path, required=True)
    sheet.add_argument("--network", type=Path, default=SHIPPED)
    sheet.add_argument("--output", type=Path, default=ROOT / "docs" / "design" / "refiner.png")
    return main


def main() -> None:
    arguments = parser().parse_args()
    verbs = {
        "textures": run_textures,
        "scenes": run_scenes,
        "located": run_located,
        "train": run_train,
        "ablate": run_ablate,
        "export": run_export,
        "kinds": run_kinds,
        "sheet": run_sheet,
    }
    verbs[arguments.verb](arguments)


if __name__ == "__main__":
    main()
