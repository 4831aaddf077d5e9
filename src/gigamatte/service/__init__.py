"""The HTTP service and its web page. ``async`` lives here only; the work is done by ``gigamatte.worker``."""
