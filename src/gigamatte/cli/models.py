"""``gigamatte models``: which networks there are, and fetching, checking, building and removing their weights."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from gigamatte.cli.streams import json_text
from gigamatte.errors import UsageError
from gigamatte.messages import translate
from gigamatte.types import Size


class _Listed(TyperGroup):
    """A group whose help shows what its commands say whole: the library's own list ends them with dots."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list in the help."""
        with formatter.section("Commands"):
            said = [(name, self.commands[name].help or "") for name in self.list_commands(ctx)]
            formatter.write_dl([(name, " ".join(text.split("\n\n")[0].split())) for name, text in said])


models_app = typer.Typer(
    cls=_Listed,
    help="Networks: list, get, path, verify, remove, build.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="name of a network, as `gigamatte models list` shows it", metavar="NAME")]


@models_app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="plain data instead of a table")] = False) -> None:
    """Show every known network: installed or not, size, licence, what it is for."""
    from gigamatte.network.networks import choose

    rows = [_row(card) for card in _cards()]
    if as_json:
        print(json_text(rows, indent=1))
        return
    from gigamatte.evaluate.table import text_table

    titles = translate("name | here | sees | MB | licence | for").split(" | ")
    yes = translate("yes")
    cells: list[list[str | float | int | None]] = []
    for row in rows:
        size = f"{row['bytes'] / 1e6:.0f}" if row["bytes"] else "?"
        here, about = yes if row["installed"] else "-", translate(row["about"])
        cells.append([row["name"], here, row["sees"], size, row["licence"], about])
    # never shortened, however narrow the terminal, so that a name can be copied into a command
    print(text_table(titles, cells, left={0, 1, 2, 4, 5}))
    if named := _names(rows, "digest", "from the hub, not pinned"):
        print(translate(f"digest from the hub, not pinned: {named}"))
    if named := _names(rows, "digest", "from the first download, not pinned"):
        print(translate(f"digest from the first download, not pinned: {named}"))
    if named := _names(rows, "commercial", False):
        print(translate(f"not for commercial use: {named}"))
    print(translate(f"--model auto takes {choose()} here."))


def _names(rows: list[dict[str, Any]], field: str, value: object) -> str:
    return ", ".join(row["name"] for row in rows if row[field] == value)


def _cards() -> list[Any]:
    from gigamatte.errors import NetworkUnavailable
    from gigamatte.network.cards.checkpoints import CHECKPOINTS, all_cards
    from gigamatte.network.cards.user_cards import user_cards

    try:
        return all_cards()
    except NetworkUnavailable:
        # without its embedded network an installation can still list the others; ``doctor`` reports the fault
        return [*CHECKPOINTS, *user_cards()]


def _row(card: Any) -> dict[str, Any]:
    from gigamatte.network.weights.store import installed

    here = installed(card)
    sees = f"{card.size}²" if card.sides is None else f"{card.sides[0]}…{card.sides[1]}"
    if card.sha256:
        digest = "pinned"
    elif card.path:
        digest = "your own file"
    elif card.repo:
        digest = "from the hub, not pinned"
    else:
        digest = "from the first download, not pinned"
    return {
        "name": card.name, "installed": here is not None, "sees": sees, "bytes": here.bytes if here else card.bytes,
        "licence": card.licence, "commercial": card.commercial, "gated": card.gated, "digest": digest,
        "sha256": here.sha256 if here else card.sha256, "about": card.about, "source": card.source,
    }  # fmt: skip


@models_app.command()
def get(name: Name) -> None:
    """Fetch a network's weights, verify them and keep them. A broken download goes on where it stopped."""
    from gigamatte.network.cards.checkpoints import find_card
    from gigamatte.network.weights import store

    card = find_card(name)
    if not card.commercial:
        print(translate(f"{card.name} is licensed {card.licence}: not for commercial use"), file=sys.stderr)
    with _Bar(card.name) as bar:
        here = store.get(card, bar.update)
    if not here.pinned and here.sha256:
        print(translate(f"{card.name}: digest from the source, not pinned: sha256 {here.sha256}"), file=sys.stderr)
    print(str(here.path))


class _Bar:
    """A progress bar on a terminal; elsewhere, and until the first progress is reported, nothing is shown."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> _Bar:
        return self

    def update(self, done: int, total: int | None) -> None:
        if not sys.stderr.isatty():
            return
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(self._title)
        self._progress.update(self._task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


@models_app.command()
def path(name: Name) -> None:
    """Print where a network's file is."""
    from gigamatte.network.cards.checkpoints import find_card
    from gigamatte.network.weights.store import need

    print(str(need(find_card(name)).path))


@models_app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="networks, or ONNX files of your own; default: all that are installed")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="an installed network or an ONNX file of the same weights: compare what both answer"),
    ] = None,
) -> None:
    """Check digest and contents of installed weights. An ONNX file is also run by both runtimes, and compared."""
    from gigamatte.network.cards.checkpoints import find_card
    from gigamatte.network.weights import store
    from gigamatte.network.weights.inspect import refuse_misfit

    files = [Path(name) for name in names or () if name.lower().endswith(".onnx")]
    cards = [find_card(name) for name in names or () if Path(name) not in files]
    if not names:
        cards = [card for card in _cards() if store.installed(card)]
    if against is not None and len(cards) + len(files) != 1:
        raise UsageError("--against compares one network with another: name one")
    for card in cards:
        here = store.need(card)
        digest = store.verify(here)
        refuse_misfit(card, here.path)
        found = f"{card.name}: ok, sha256 {digest}" if here.pinned else f"{card.name}: ok, sha256 {digest} (not pinned)"
        print(translate(found))
    for file in files:
        _verify_file(file)
    if against is not None:
        _compare(cards[0].name if cards else str(files[0]), against)


def _verify_file(path: Path) -> None:
    """A file of the user's own: what it is taken for, and whether both runtimes answer it alike."""
    from gigamatte.errors import DeviceUnavailable, WeightsRefused
    from gigamatte.network.cards.onnx_file import read_header
    from gigamatte.network.engines.differences import differences
    from gigamatte.network.networks import read_file
    from gigamatte.network.parity import between_runtimes

    own, _ = read_file(path)
    print(translate(f"{path}: sha256 {own.card.sha256}"))
    for notice in own.notices:
        print(translate(notice))
    known = " and ".join(differences(read_header(path)))
    if known:
        print(translate(f"OpenVINO computes {known} otherwise than ONNX says: ONNX Runtime is used"))
    try:
        mean, largest = between_runtimes(path)
    except (WeightsRefused, DeviceUnavailable) as error:
        print(translate(f"the runtimes were not compared: {translate(error.message)}"))
        return
    print(translate(f"OpenVINO and ONNX Runtime: mean difference {mean:.5f}, largest {largest:.4f} of alpha 0…1"))
    if mean > 0.005 and not known:
        raise WeightsRefused(
            f"the runtimes do not answer {path} alike (mean difference {mean:.4f}, at most 0.005 expected)",
            "one of them has a fault: say so to its makers, and use --device of the other where there is one",
        )


def _compare(name: str, other: str) -> None:
    from gigamatte.network.parity import compare

    mean, largest = compare(name, other)
    print(translate(f"{name} and {other}: mean difference {mean:.5f}, largest {largest:.4f} of alpha 0…1"))
    if mean > 0.005:
        from gigamatte.errors import WeightsRefused

        raise WeightsRefused(
            f"{name} and {other} do not answer alike (mean difference {mean:.4f}, at most 0.005 expected)",
            "are they of the same weights? another --patch-order would look like this",
        )


@models_app.command()
def remove(name: Name) -> None:
    """Delete a network's weights and everything built from them."""
    from gigamatte.network.cards.checkpoints import find_card
    from gigamatte.network.weights import store

    card = find_card(name)
    print(translate(f"{card.name}: {store.remove(card) / 1e6:.0f} MB freed"))


@models_app.command()
def build(
    card_name: Annotated[str, typer.Argument(metavar="CARD", help="the network that the weights belong to")],
    weights_file: Annotated[Path, typer.Option("--weights", help="a safetensors file that you have")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the ONNX file to write; replaced if it exists")],
    size: Annotated[
        str | None, typer.Option(help="HxW in pixels, multiples of 64 (BEN2: 512); default: the card's")
    ] = None,
    patch_order: Annotated[
        Literal["old", "new"] | None, typer.Option(help="channel order of the decoder's patches; default: the card's")
    ] = None,
    precision: Annotated[
        Literal["f32", "f16"] | None, typer.Option(help="how weights are stored; default: as the file has them")
    ] = None,
) -> None:
    """Build a BiRefNet, RMBG-2.0 or BEN2 graph as ONNX from its published weights, without PyTorch.

    The graph takes one normalised float32 1×3×H×W input; its first output is 1×1×H×W logits, as its metadata says.
    """
    from gigamatte.network.build.cached import write_graph
    from gigamatte.network.cards.checkpoints import find_card
    from gigamatte.network.weights.store import installed
    from gigamatte.own_files import sha256_of

    card = find_card(card_name)
    shape = _size(size)
    try:
        found = sha256_of(weights_file)
    except OSError as error:
        raise UsageError(f"{weights_file} cannot be read: {error.strerror or error}") from error
    here = installed(card)
    wanted = card.sha256 or (here.sha256 if here else None)
    verified = found == wanted
    write_graph(
        card, weights_file, found, output, size=shape, patch_order=patch_order, stored_as=precision, verified=verified
    )
    if not verified:
        known = f"sha256 {wanted[:16]}…" if wanted else translate("no digest")
        line = (
            f"{weights_file} is not verified: the card {card.name} has {known}, the file {found[:16]}…; "
            "the graph says verified=false"
        )
        print(translate(line), file=sys.stderr)
    print(str(output))


def _size(text: str | None) -> Size | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)[x×](\d+)", text)
    if not match:
        raise UsageError(f"--size is HxW in pixels, such as 1024x768; found {text!r}")
    height, width = int(match[1]), int(match[2])
    if not 64 <= min(height, width) <= max(height, width) <= 8192:
        raise UsageError(f"--size lies in 64…8192 both ways; found {text!r}")
    return Size(width, height)
