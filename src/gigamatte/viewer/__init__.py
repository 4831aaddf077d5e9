"""One viewer for pictures of any size, used by preview, compare, the batch report and the web page."""

import gigamatte.photo as _photo  # noqa: F401 (which keeps pyvips from logging)
