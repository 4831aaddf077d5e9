"""The alpha, resolved level by level, only in the tiles that touch the band."""
