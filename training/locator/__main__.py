"""`python -m training.locator cache | shapes | renders | places | train | export | measure`: see training/README.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from .data import FILED, SOURCES, build_cache, open_pool, places_files, rendered_files, write_source

ROOT = Path(__file__).resolve().parents[2]
#: the folder of the shipped graphs, locator-encoder.onnx, locator-hints.onnx and locator-decoder.onnx
SHIPPED = ROOT / "src" / "gigamatte" / "network" / "cards"
VERSION = "4"


def present(cache: Path, wanted: str) -> tuple[str, ...]:
    """The sources to train on: the comma list `wanted`, else all that the cache holds."""
    there = tuple(name for name in SOURCES if (cache / f"{name}.json").is_file())
    chosen = tuple(wanted.split(",")) if wanted else there
    unknown = [name for name in chosen if name not in there]
    if unknown or "backgrounds" not in chosen:
        sys.exit(
            f"--sources: {unknown or 'backgrounds'} missing; the cache {cache} holds {', '.join(there) or 'nothing'}"
        )
    return chosen


def run_cache(arguments: argparse.Namespace) -> None:
    """Decodes the picture files into the cache."""
    for source in arguments.sources.split(",") if arguments.sources else FILED:
        print(f"{source}: {build_cache(arguments.data, arguments.cache, source)} pictures", flush=True)


def run_shapes(arguments: argparse.Namespace) -> None:
    """Renders the made-up things into the cache."""
    from .shapes import make

    photos = open_pool(arguments.cache, "backgrounds", held_out=False)
    made = (
        (f"shape{i:05d}", make(np.random.default_rng([arguments.seed, i]), photos, arguments.side))
        for i in range(arguments.count)
    )
    print(f"shapes: {write_source(arguments.cache, 'shapes', made)} pictures")


def run_renders(arguments: argparse.Namespace) -> None:
    """Takes the things of `training/renders/make.py --kinds located`, `sold` and `animals` into the cache."""
    files = (picture for folder in arguments.folders for picture in rendered_files(folder))
    print(f"renders: {write_source(arguments.cache, 'renders', files)} pictures")


def run_places(arguments: argparse.Namespace) -> None:
    """Takes the pictures of `training/renders/make.py --kinds places` into the cache."""
    print(f"places: {write_source(arguments.cache, 'places', places_files(arguments.folder))} pictures")


def run_train(arguments: argparse.Namespace) -> None:
    """Trains; resumes if `--checkpoint` is there already."""
    from .train import Plan, Schedule

    phases = tuple((float(a), int(b), int(c)) for a, b, c in (p.split(":") for p in arguments.phases.split(",")))
    sources = present(arguments.cache, arguments.sources)
    plan = Plan(
        arguments.minutes,
        phases,
        arguments.rate,
        seed=arguments.seed,
        side=arguments.side,
        store=arguments.store,
        workers=arguments.workers,
        frozen=arguments.frozen,
        still=arguments.still,
        uses=arguments.uses,
    )
    print(f"sources {','.join(sources)}", flush=True)
    Schedule(plan, arguments.cache, sources, arguments.checkpoint, arguments.start, arguments.threads).run()


def run_export(arguments: argparse.Namespace) -> None:
    """Writes the ONNX files of a checkpoint's averaged weights."""
    from .export import between, export, read_weights, training_sources

    model, pictures = read_weights(arguments.checkpoint)
    if arguments.between is not None:
        model = between(model, read_weights(arguments.between)[0], arguments.share)
    notes = {"pictures": str(pictures), "version": VERSION, "licence": "Apache-2.0"}
    notes["sources"] = ",".join(training_sources(arguments.checkpoint))
    export(model, arguments.output, arguments.size, notes)
    count = sum(p.numel() for p in model.parameters())
    size = sum(path.stat().st_size for path in arguments.output.glob("locator-*.onnx"))
    print(f"{arguments.output}: {size} bytes, {count} parameters, {pictures} pictures")


def run_measure(arguments: argparse.Namespace) -> None:
    """Prints a table of mean and median IoU per set, of another network too where one is named."""
    from .measure import any_network, loader, report

    networks = {"locator": loader(arguments.network)}
    if arguments.beside:
        networks[Path(arguments.beside).stem] = any_network(arguments.beside)
    print("| set | network | pictures | mean IoU | median | below .5 |\n|---|---|---|---|---|---|")
    tables = [
        report(predict, arguments.cache, arguments.evaluation, arguments.composites) for predict in networks.values()
    ]
    for rows in zip(*tables, strict=True):
        for network, (name, scores) in zip(networks, rows, strict=True):
            values = np.array(list(scores.values()))
            low = np.count_nonzero(values < 0.5)
            figures = f"{values.size} | {values.mean():.3f} | {np.median(values):.3f} | {low}"
            print(f"| {name} | {network} | {figures} |", flush=True)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    main = argparse.ArgumentParser(prog="python -m training.locator", description="Trains the embedded locator.")
    main.add_argument("--cache", type=Path, default=ROOT.parent / "cache" / "locator", help="folder of decoded pixels")
    main.add_argument("--sources", default="", help=f"comma list of {', '.join(SOURCES)}; default: all there are")
    verbs = main.add_subparsers(dest="verb", required=True)
    cache = verbs.add_parser("cache", help="decode the pictures")
    cache.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="has train/ and backgrounds/")
    shapes = verbs.add_parser("shapes", help="render made-up things")
    shapes.add_argument("--count", type=int, default=1600)
    shapes.add_argument("--side", type=int, default=224)
    shapes.add_argument("--seed", type=int, default=11)
    renders = verbs.add_parser("renders", help="take rendered things and people in")
    renders.add_argument("folders", type=Path, nargs="+", help="of training/renders/make.py: located, sold, animals")
    places = verbs.add_parser("places", help="take rendered places in, as backgrounds")
    places.add_argument("folder", type=Path, help="of training/renders/make.py --kinds places")
    train = verbs.add_parser("train", help="train, or resume training")
    train.add_argument("--minutes", type=float, required=True, help="the whole schedule's length")
    train.add_argument("--phases", default="0.6:288:8,0.4:384:8", help="share:side:batch, comma list")
    train.add_argument("--rate", type=float, default=1e-3, help="peak learning rate of the decoder")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--side", type=int, default=432, help="of the composed pictures")
    train.add_argument("--store", type=int, default=1500, help="composed pictures that are kept; 60000 on a GPU")
    train.add_argument("--workers", type=int, default=1, help="processes that compose")
    train.add_argument("--frozen", action="store_true", help="the encoder as it is: the decoder and its hints alone")
    train.add_argument("--still", type=int, default=0, help="so many first blocks of the encoder stay as they are")
    train.add_argument("--uses", type=int, default=1, help="how often each composed picture is drawn; 4 on few cores")
    train.add_argument("--checkpoint", type=Path, required=True)
    train.add_argument(
        "--start", type=Path, default=None, help="a checkpoint, exported folder, or encoder's .pth to start from"
    )
    train.add_argument("--threads", type=int, default=2, help="on a CPU")
    export = verbs.add_parser("export", help="write the ONNX files")
    export.add_argument("--checkpoint", type=Path, required=True)
    export.add_argument("--size", type=int, default=416)
    export.add_argument("--output", type=Path, default=SHIPPED)
    export.add_argument(
        "--between", type=Path, default=None, help="a folder of graphs: weights between its and the checkpoint's"
    )
    export.add_argument("--share", type=float, default=0.5, help="of the way from those to the checkpoint")
    measure = verbs.add_parser("measure", help="IoU through OpenVINO")
    measure.add_argument("--network", type=Path, default=SHIPPED)
    measure.add_argument("--beside", default="", help="another network: FILE.onnx (IS-Net, U²-Net …) or a card's name")
    measure.add_argument("--composites", type=int, default=100, help="pictures per set of cut-outs")
    measure.add_argument("--evaluation", type=Path, default=None, help="folder of photos with .alpha.png; final check")
    return main


def main() -> None:
    arguments = parser().parse_args()
    verbs = {
        "cache": run_cache, "shapes": run_shapes, "renders": run_renders, "places": run_places, "train": run_train,
        "export": run_export, "measure": run_measure,
    }  # fmt: skip
    verbs[arguments.verb](arguments)


if __name__ == "__main__":
    main()
