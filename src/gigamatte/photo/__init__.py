"""Reads photos: a file or bytes become a Photo, a Photo becomes PhotoLevels."""
