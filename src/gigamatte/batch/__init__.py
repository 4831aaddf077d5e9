"""Hundreds to millions of photos: list, name, cut, verify, remember. A batch that is stopped goes on where it was."""
