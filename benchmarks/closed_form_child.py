"""Closed-form matting of a photo and a trimap, from file to file. Run by the Python of a venv that has pymatting.

usage: closed_form_child.py PHOTO TRIMAP OUT      (OUT: a 16-bit PNG)
"""

import sys

import numpy as np
from PIL import Image


def main(photo: str, trimap: str, out: str) -> None:
    from pymatting import estimate_alpha_cf

    Image.MAX_IMAGE_PIXELS = None
    colours = np.asarray(Image.open(photo).convert("RGB")) / 255.0
    alpha = estimate_alpha_cf(colours, np.asarray(Image.open(trimap).convert("L")) / 255.0)
    Image.fromarray(np.round(alpha * 65535).astype(np.uint16)).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:4])
