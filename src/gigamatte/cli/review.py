"""``gigamatte review``: a local page to judge a batch's results and mark them."""

from __future__ import annotations

from typing import Annotated

import typer

from gigamatte.cli.batches import Manifests, Out
from gigamatte.messages import translate

Port = Annotated[int, typer.Option(metavar="N", help="Port of the page, on this machine only. [0 = any]")]
Browser = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]


Model = Annotated[str, typer.Option(metavar="NAME", help="Network of the previews while hints are given. [auto]")]


def review(
    out: Out, manifests: Manifests = None, *, port: Port = 7870, model: Model = "auto", open_it: Browser = False
) -> None:
    """Judge a batch's results on a local page: the most doubtful first, marked with a key.

    \b
    gigamatte review cutouts/
    gigamatte batch photos/ cutouts/ --redo marked --model birefnet-hr     what was marked "redo"
    gigamatte batch export cutouts/ by-hand.csv --marked hand              what needs a hand

    Keys: arrows move, Enter looks at it in full, G good, R redo, H needs a hand, U takes the mark away, E points at
    what is meant: such hints are kept in NAME.hints.json beside the photo, and the next run cuts it with them. Marks
    are kept in the manifest at once, also while a batch is at work. Ctrl-C ends it. Only this machine reaches the page.
    """
    from gigamatte.batch.overview import manifests_of
    from gigamatte.batch.review.desk import Desk
    from gigamatte.batch.review.server import ReviewServer
    from gigamatte.options import Options

    server = ReviewServer(Desk(out, manifests_of(out, manifests or ())), out, port, Options(model=model))
    print(translate(f"the review of {out} is at {server.address}"), flush=True)
    if open_it:
        import webbrowser

        webbrowser.open(server.address)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    finally:
        server.end()
