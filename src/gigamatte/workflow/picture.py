"""A photo's pixels as a screen shows them (see ``gigamatte.photo.screen``)."""

from gigamatte.photo.screen import screen_image, strips

__all__ = ["screen_image", "strips"]
