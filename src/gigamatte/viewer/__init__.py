"""One viewer for pictures of any size, used by preview, compare, the batch report and the web page."""
