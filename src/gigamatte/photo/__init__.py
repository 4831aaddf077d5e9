"""Reads photos: a file or bytes become a Photo, a Photo becomes PhotoLevels."""

import logging
import sys

# Before pyvips is imported: it logs every operation, which nobody asked for who asked for his own program's details.
# A host that uses pyvips itself, or that has set this logger's level, decides.
if "pyvips" not in sys.modules and logging.getLogger("pyvips").level == logging.NOTSET:
    logging.getLogger("pyvips").setLevel(logging.INFO)
