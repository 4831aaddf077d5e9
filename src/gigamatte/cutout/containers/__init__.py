"""What a finished file carries besides pixels is put in here, by format: libvips would write it anew in its own way.

libvips makes up an EXIF block and 72 dpi where the photo had neither, moves makers' notes, and begins the EXIF chunk of
a WebP as a JPEG's. So it is only asked for pixels and the profile.
"""
