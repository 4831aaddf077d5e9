"""Composes the result: a Photo and a Matte become a Cutout, and a file."""
