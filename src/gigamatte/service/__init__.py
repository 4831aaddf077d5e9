"""The HTTP service and its web page. Only this package is ``async``; ``gigamatte.worker`` does the work."""
