"""Parses how a network's input is normalised: mean and deviation of RGB."""

from __future__ import annotations

from gigamatte.errors import UsageError

Triple = tuple[float, float, float]
#: a deviation below it would make numbers that no network was trained with, or infinite ones
SMALLEST = 1e-4


def normalisation(text: str) -> tuple[Triple, Triple] | None:
    """(mean, deviation) of RGB in 0…1 that ``normalise`` means; None for auto. Raises UsageError."""
    if text == "auto":
        return None
    if text == "imagenet":
        text = "0.485,0.456,0.406/0.229,0.224,0.225"
    try:
        mean, deviation = (_triple(part) for part in text.split("/"))
        # a comparison with nan is false
        if all(abs(number) < 1000 for number in mean) and all(SMALLEST <= number < 1000 for number in deviation):
            return mean, deviation
    except ValueError:
        pass
    raise UsageError(
        f"--normalise is auto, imagenet, or MEAN/STD of red, green and blue in 0…1; found {text!r}",
        "0.5/0.5 gives -1…1, 0.5/1 gives -0.5…0.5, 0/1 leaves 0…1; three numbers each are separated by commas",
    )


def _triple(text: str) -> Triple:
    numbers = [float(number) for number in text.split(",")]
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue
