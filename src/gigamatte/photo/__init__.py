"""Reads photos: a file or bytes become a Photo, a Photo becomes PhotoLevels."""

import logging
import sys

# Before pyvips is imported: it logs every operation, which a program that turns on debug logging for itself does not
# want. Where a program uses pyvips itself, or has set this logger's level, the level is left as it is.
if "pyvips" not in sys.modules and logging.getLogger("pyvips").level == logging.NOTSET:
    logging.getLogger("pyvips").setLevel(logging.INFO)
