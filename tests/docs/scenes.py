"""The three photos that docs/workflow.md works on, drawn: a portrait, a product, a document."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw


def make_scenes(folder: Path) -> None:
    """Writes portrait.jpg (4000×6000), product.jpg (3000×2000) and document.jpg (2400×3200)."""
    save(portrait(1000, 1500), folder / "portrait.jpg", 4)
    save(product(1500, 1000), folder / "product.jpg", 2)
    save(document(1200, 1600), folder / "document.jpg", 2)


def save(picture: np.ndarray, path: Path, enlarge: int) -> None:
    size = (picture.shape[1] * enlarge, picture.shape[0] * enlarge)
    large = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    Image.fromarray(large).save(path, quality=90)


def noisy(picture: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(12).normal(0, sigma, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def portrait(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ground = np.dstack([120 + 40 * np.sin(x / 90), 150 + 30 * np.cos(y / 120), 130 + 30 * np.sin((x + y) / 150)])
    ground = cv2.GaussianBlur(ground, (0, 0), 20)
    middle = width // 2
    cv2.ellipse(
        ground, (middle, height), (int(width * 0.4), int(height * 0.42)), 0, 180, 360, (60, 60, 110), -1, cv2.LINE_AA
    )
    cv2.ellipse(
        ground,
        (middle, int(height * 0.37)),
        (int(width * 0.23), int(height * 0.2)),
        0,
        0,
        360,
        (50, 32, 24),
        -1,
        cv2.LINE_AA,
    )
    cv2.rectangle(ground, (middle - 80, int(height * 0.45)), (middle + 80, int(height * 0.62)), (196, 150, 128), -1)
    cv2.ellipse(
        ground,
        (middle, int(height * 0.4)),
        (int(width * 0.17), int(height * 0.16)),
        0,
        0,
        360,
        (214, 168, 144),
        -1,
        cv2.LINE_AA,
    )
    for side in (-1, 1):
        cv2.circle(ground, (middle + side * 65, int(height * 0.38)), 14, (40, 30, 30), -1, cv2.LINE_AA)
    rng = np.random.default_rng(13)
    for angle in rng.uniform(np.pi, 2 * np.pi, 300):
        start = np.array([middle + 0.22 * width * np.cos(angle), height * 0.37 + 0.19 * height * np.sin(angle)])
        end = start + rng.uniform(10, 60) * np.array([np.cos(angle + 0.3), np.sin(angle + 0.3)])
        cv2.line(ground, start.astype(int), end.astype(int), (50, 32, 24), 1, cv2.LINE_AA)
    return noisy(ground, 3)


def product(width: int, height: int) -> np.ndarray:
    shot = np.full((height, width, 3), (232, 232, 234), np.float32)
    shadow = np.zeros((height, width), np.float32)
    cv2.ellipse(shadow, (width // 2, int(height * 0.8)), (int(width * 0.25), int(height * 0.05)), 0, 0, 360, 1.0, -1)
    shot -= 70 * cv2.GaussianBlur(shadow, (0, 0), 25)[..., None]
    left, right, top, bottom = int(width * 0.33), int(width * 0.62), int(height * 0.28), int(height * 0.8)
    cv2.ellipse(shot, (right, (top + bottom) // 2), (130, 160), 0, 0, 360, (150, 30, 40), 45, cv2.LINE_AA)
    cv2.rectangle(shot, (left, top), (right, bottom), (176, 36, 48), -1)
    cv2.ellipse(shot, ((left + right) // 2, top), ((right - left) // 2, 40), 0, 0, 360, (90, 16, 24), -1, cv2.LINE_AA)
    cv2.ellipse(
        shot, ((left + right) // 2, bottom), ((right - left) // 2, 40), 0, 0, 180, (176, 36, 48), -1, cv2.LINE_AA
    )
    return noisy(shot, 2)


def document(width: int, height: int) -> np.ndarray:
    page = Image.new("RGB", (width, height), (214, 211, 203))
    pen = ImageDraw.Draw(page)
    pen.text((width // 10, height // 16), "Delivery note", fill=(70, 70, 74), font_size=height // 28)
    words = "one lamp, two chairs, three tables and a very long carpet "
    for line in range(height // 7, height - height // 12, height // 40):
        pen.text((width // 10, line), words, fill=(80, 80, 84), font_size=height // 62)
    return noisy(np.asarray(page, np.float32), 2)
