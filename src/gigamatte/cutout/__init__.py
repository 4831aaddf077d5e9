"""Composes the result: a Photo and a Matte become a Cutout, and a file."""

import gigamatte.photo as _photo  # noqa: F401 (which keeps pyvips from logging)
