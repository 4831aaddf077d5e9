"""Helpers for tests and benchmarks of gigamatte and of its extensions; a cut uses nothing of this package."""
