"""Resolves the alpha at the photo's own resolution: a CoarseMatte becomes a Matte."""
