"""From a scene to a photo: a background, light, lens and camera. Alpha follows whatever blurs the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .textures import SIDE, Pixels, Rng, draw, plain, turned

#: float32 in [0, 1]: colours (row, column, RGB), alphas (row, column)
Image = NDArray[np.float32]


def photograph(rng: Rng, scene: Pixels, textures: Pixels) -> tuple[Pixels, Pixels]:
    """(photo uint8 (row, column, RGB), exact alpha uint8 (row, column)) of a scene before a random background."""
    rgba = np.ascontiguousarray(turned(rng, scene)).astype(np.float32) * np.float32(1 / 255)
    colour, alpha = relit(rng, rgba[..., :3]), rgba[..., 3]
    behind = background(rng, colour, alpha, textures)
    image = composite(colour, behind, alpha, linear=rng.random() < 0.35)
    image, alpha = lens(rng, image, alpha)
    return camera(rng, image), np.asarray(alpha * 255 + 0.5, np.uint8)


def relit(rng: Rng, colour: Image) -> Image:
    """The foreground in another light: gain per channel and gamma."""
    if rng.random() < 0.4:
        gain = np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.12, 3))
        colour = colour * gain.astype(np.float32)
    if rng.random() < 0.15:
        colour = colour[..., rng.permutation(3)]
    return np.asarray(np.clip(colour, 0, 1), np.float32)


def background(rng: Rng, colour: Image, alpha: Image, textures: Pixels) -> Image:
    """A photo, often out of focus, or a plain wall; sometimes in the very colours of the foreground."""
    if rng.random() < 0.2:
        behind = plain(rng)
    else:
        behind = draw(rng, textures)
        if rng.random() < 0.4:
            behind = np.asarray(cv2.GaussianBlur(behind, (0, 0), np.exp(rng.uniform(0, 2.3))), np.float32)
        if rng.random() < 0.3:
            behind = behind * np.exp(rng.normal(0, 0.35, 3)).astype(np.float32)
    if rng.random() < 0.2:
        weight = alpha[::4, ::4, None] + 1e-3
        mean = (colour[::4, ::4] * weight).sum((0, 1)) / weight.sum()
        behind = behind + rng.uniform(0.4, 1) * (mean - behind.mean((0, 1)))
    return np.asarray(np.clip(behind, 0, 1), np.float32)


def composite(front: Image, behind: Image, alpha: Image, linear: bool) -> Image:
    """Mix in linear light, as a camera does (gamma 2 here), or in stored values, as most graphics programs do."""
    if linear:
        front, behind = front * front, behind * behind
    mixed = behind + alpha[..., None] * (front - behind)
    return np.asarray(np.sqrt(mixed) if linear else mixed, np.float32)


def lens(rng: Rng, image: Image, alpha: Image) -> tuple[Image, Image]:
    """A slight blur of the whole picture, alpha included, and colour fringes."""
    if rng.random() < 0.35:
        sigma = rng.uniform(0.3, 1.1)
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma), np.float32)
    if rng.random() < 0.12:
        for channel, sign in ((0, 1), (2, -1)):
            shift = sign * rng.uniform(-0.7, 0.7, 2)
            moved = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
            plane = cv2.warpAffine(image[..., channel], moved, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
            image[..., channel] = plane
    return image, alpha


def camera(rng: Rng, image: Image) -> Pixels:
    """Sensor noise, sharpening, 8 bits, JPEG: uint8 (row, column, RGB)."""
    pixels = image * np.float32(255)
    if rng.random() < 0.7:
        noise = rng.standard_normal((SIDE, SIDE, 3), np.float32) if rng.random() < 0.5 else grey_noise(rng)
        if rng.random() < 0.4:  # demosaicing and denoising leave noise that neighbours share
            noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8) * 2.2, np.float32)
        pixels = pixels + noise * np.float32(np.exp(rng.uniform(np.log(0.5), np.log(7))))
    if rng.random() < 0.25:
        soft = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.6, 1.6)))
        pixels = pixels + np.float32(rng.uniform(0.2, 1.1)) * (pixels - soft)
    stored = np.clip(pixels + 0.5, 0, 255).astype(np.uint8)
    if rng.random() < 0.55:
        quality = int(rng.uniform(62, 98))
        _, code = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(stored, np.uint8)


def grey_noise(rng: Rng) -> Image:
    """The same noise in all channels."""
    return np.repeat(rng.standard_normal((SIDE, SIDE, 1), np.float32), 3, axis=2)
