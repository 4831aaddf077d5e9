"""How much memory a cut needs, in bytes, estimated from headers alone, so that it is refused before work starts."""

from __future__ import annotations

from gigamatte.cutout import foreground
from gigamatte.cutout.bounds import canvas_memory
from gigamatte.cutout.encode import encoder_bytes
from gigamatte.cutout.frame import canvas_size
from gigamatte.cutout.shadow_kept import shadow_memory
from gigamatte.errors import BudgetExceeded
from gigamatte.options import Format, Options
from gigamatte.types import Photo

#: Bytes of a photo and its levels that are kept in memory, enough for 40 megapixels of 8 bits; more lie in scratch
#: storage: with 24 of 16 bits in memory, a cut would hold .5 GB beyond its networks.
PIXEL_MEMORY = 160 << 20
#: What a cut needs besides pixels: libraries and tiles in work; the embedded network; strips on their way.
FIXED_MEMORY, NETWORK_MEMORY, STRIPS_IN_FLIGHT = 290_000_000, 180_000_000, 6
#: … and the learned refiner, which shares the runtime with a network: alone, and beside one.
REFINER_MEMORY, REFINER_BESIDE = 210_000_000, 140_000_000


def pixel_memory(photo: Photo, options: Options, format: Format | None, *, masked: bool, given: int) -> int:
    """Bytes of pixels that may be kept in memory; the rest goes to scratch.

    ``format`` is None where nothing is written; ``masked`` says that no network is run; ``given`` is what the masks and
    strokes take. Raises BudgetExceeded when ``options.memory`` does not suffice even so.
    """
    budget = options.memory
    if budget == 0:
        return PIXEL_MEMORY
    needed = FIXED_MEMORY + photo.decode_bytes + given
    if not masked:
        needed += NETWORK_MEMORY
    learned = options.refine in ("auto", "neural")
    if learned:
        needed += REFINER_MEMORY if masked else REFINER_BESIDE
    needed += STRIPS_IN_FLIGHT * 256 * photo.size.width * 4 * photo.bits // 8
    encoding = 0
    if format is not None:
        needed += canvas_memory(options, photo.size)
        size = canvas_size(options, photo.size) or photo.size
        # a file that has to fit may need a palette
        palette = options.palette or options.max_bytes is not None
        encoding = encoder_bytes(format, size, photo.bits, palette=palette)
    # colours are solved before the encoder gets pixels: the two never need their memory at the same time
    kept = options.only == "shadow" or (options.shadow or "").startswith("keep")
    needed += max(encoding, foreground.memory_needed(photo.size), shadow_memory(photo.size) if kept else 0)
    if needed > budget:
        raise BudgetExceeded(
            f"{photo.name} needs {needed / 1e6:.0f} MB of memory, allowed are {budget / 1e6:.0f}",
            _advice(learned, whole=encoding > 0),
        )
    return min(PIXEL_MEMORY, budget - needed)


def _advice(learned: bool, *, whole: bool) -> str:
    if whole:
        return "allow more with --memory, or write PNG or TIFF, which are written strip by strip"
    return "allow more with --memory, or use --refine guided" if learned else "allow more with --memory"
