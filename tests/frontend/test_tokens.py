"""The colours, computed from tokens.css: contrast in both themes, labels told apart with colour blindness."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest

CSS = Path("frontend/static/css")
THEMES = ("light", "dark")
GREYS = ("bg", "sunken", "surface")

# Machado, Oliveira, Fernandes (2009), severity 1.0: linear RGB as seen with each deficiency.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def tokens() -> dict[str, dict[str, str]]:
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", (CSS / "tokens.css").read_text())
    return {theme: {name: pair[i] for name, *pair in found} for i, theme in enumerate(THEMES)}


TOKENS = tokens()


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted(
        (float(linear(c) @ np.array([0.2126, 0.7152, 0.0722])) for c in (one, other)), reverse=True
    )
    return (lighter + 0.05) / (darker + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return to_lab @ np.cbrt(to_cones @ np.clip(rgb, 0, 1))


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        ("text", (*GREYS, "accent-soft", "good-soft", "warn-soft", "bad-soft")),
        ("muted", GREYS),
        ("accent", (*GREYS, "accent-soft")),
        ("accent-strong", (*GREYS, "accent-soft")),
        ("good", (*GREYS, "good-soft")),
        ("warn", (*GREYS, "warn-soft")),
        ("bad", (*GREYS, "bad-soft")),
        ("on-accent", ("accent", "accent-strong")),
        ("text", tuple(f"heat-{level}" for level in range(6))),
    ],
)
def test_text_reaches_aa(theme: str, text: str, grounds: tuple[str, ...]) -> None:
    colours = TOKENS[theme]

    ratios = {ground: contrast(colours[text], colours[ground]) for ground in grounds}

    assert min(ratios.values()) >= 4.5, ratios


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("mark", ["line-strong", "focus", "accent", *(f"label-{n}" for n in range(1, 13))])
def test_controls_and_marks_reach_three_to_one(theme: str, mark: str) -> None:
    colours = TOKENS[theme]

    ratios = {ground: contrast(colours[mark], colours[ground]) for ground in ("bg", "surface")}

    assert min(ratios.values()) >= 3, ratios


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_any_two_labels_are_told_apart(theme: str, vision: str) -> None:
    # 0.02 in OKLab is about one just noticeable difference for large fields; three of them for small swatches.
    seen = [oklab(VISION[vision] @ linear(TOKENS[theme][f"label-{n}"])) for n in range(1, 13)]

    least = min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))

    assert least >= 0.06


@pytest.mark.parametrize("theme", THEMES)
def test_heat_grows_step_by_step_away_from_the_ground(theme: str) -> None:
    steps = [contrast(TOKENS[theme][f"heat-{level}"], TOKENS[theme]["bg"]) for level in range(6)]

    assert steps == sorted(steps)
    assert math.isclose(steps[0], 1)
    assert all(b / a > 1.05 for a, b in itertools.pairwise(steps))


def test_sheets_use_only_tokens_that_exist() -> None:
    text = "\n".join(path.read_text() for path in CSS.glob("*.css"))

    used = set(re.findall(r"var\(--([\w-]+)", text))
    defined = set(re.findall(r"--([\w-]+):", text))

    assert used - defined == set()


def test_sheets_stay_small() -> None:
    house = {"tokens.css", "layout.css", "components.css"}  # on every page; the others come one or two to a page
    sizes = {path.name: path.stat().st_size for path in CSS.glob("*.css")}

    assert sum(size for name, size in sizes.items() if name in house) <= 36 * 1024
    assert {name for name, size in sizes.items() if name not in house and size > 13 * 1024} == set()
