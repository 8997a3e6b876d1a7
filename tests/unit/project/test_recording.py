"""The recording of the demo shows the story that the demo tells by now."""

import ast
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from documentation.recording import COLUMNS, PICTURE, draw

ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"


def lines(picture: str) -> list[str]:
    """Return the texts of a picture, from top to bottom."""
    texts = ET.fromstring(picture).iter(f"{SVG}text")
    return ["".join(text.itertext()).replace("\xa0", " ") for text in texts]


def test_it_shows_the_scenes_of_the_story_in_their_order() -> None:
    story = ast.parse((ROOT / "easeml_action/demo/story.py").read_text())
    told = [
        (call.func.attr, call.args[0].value if isinstance(call.args[0], ast.Constant) else "")
        for scene in ast.walk(story)
        if isinstance(scene, ast.Yield) and isinstance(call := scene.value, ast.Call)
        if isinstance(call.func, ast.Attribute)
    ]
    kinds = {"_opens": "Pull request", "_merges": "Merge", "_runs_again": "run the job again"}
    shown = [line for line in lines(PICTURE.read_text()) if re.match(r"\d+\. ", line)]
    assert len(shown) == len(told) > 10
    for number, ((how, title), line) in enumerate(zip(told, shown, strict=True), 1):
        assert line.startswith(f"{number}. ")
        assert title in line
        assert kinds.get(how, "Push") in line


def test_it_asks_nobody_else_for_anything_and_stands_still_where_that_is_wanted() -> None:
    picture = PICTURE.read_text()
    assert re.findall(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)\S+", picture) == []
    assert "@media (prefers-reduced-motion: no-preference)" in picture


def test_it_rolls_on_to_the_end_of_every_scene() -> None:
    scenes = [
        f"{n}. Scene {n} ".ljust(COLUMNS, "─") + "\r\n" + "  fact\r\n" * 9 for n in range(1, 5)
    ]
    picture = draw("A note\r\n" + "".join(scenes))
    moves = [round(float(each), 1) for each in re.findall(r"translateY\((\S+)px\)", picture)]
    assert moves == [0, 0, -219.6, -463.6]
    assert lines(picture)[0] == "A note"
