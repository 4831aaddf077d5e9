"""Runs rembg's own post-processing on a given mask, from file to file. Run by the Python of rembg's venv.

usage: rembg_child.py PHOTO MASK OUT naive|matting|decontaminate
The mask stands where rembg's network would answer, so that only what follows is compared; nothing is downloaded.
"""

import sys

from PIL import Image


def main(photo: str, mask: str, out: str, mode: str) -> None:
    from rembg.bg import alpha_matting_cutout, decontaminate_cutout, naive_cutout

    Image.MAX_IMAGE_PIXELS = None
    picture = Image.open(photo).convert("RGB")
    # rembg's sessions enlarge their answer exactly so
    enlarged = Image.open(mask).convert("L").resize(picture.size, Image.Resampling.LANCZOS)
    if mode == "matting":
        cutout = alpha_matting_cutout(picture, enlarged, 240, 10, 10)  # the thresholds that `rembg i -a` uses
    elif mode == "decontaminate":
        cutout = decontaminate_cutout(picture, enlarged)
    else:
        cutout = naive_cutout(picture, enlarged)
    cutout.save(out)


if __name__ == "__main__":
    main(*sys.argv[1:5])
