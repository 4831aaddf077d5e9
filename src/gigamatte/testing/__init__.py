"""What tests and benchmarks of gigamatte and of its extensions need; nothing here is used by a cut."""
