# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml demo``: a test set's whole life, as GitHub would show it."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.files import replace
from easeml_action.cli.terminal import show_error, show_markdown, show_note, show_scene
from easeml_action.errors import GateError

if TYPE_CHECKING:
    from easeml_action.demo.story import Scene
    from easeml_action.measured import MeasuredTestSet


class DemoNotInstalled(GateError):
    """A package that only the demo uses is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"The demo needs the package {package}, which the action does not.",
            "Run `make demo` in a checkout, or pip install scikit-learn.",
        )


@app.command(epilog="Example: easeml demo --brief")
def demo(
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="An empty folder to play in and to keep. Default: a temporary one."),
    ] = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="Leave the job summaries and the comments out.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Where the key holder's page goes. Default: a new temporary file."),
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the page's pictures as an SVG.")] = None,
) -> int:
    """Live through a test set's life: real commits, a real model, the real action.

    A server on this machine plays GitHub; nothing leaves it. Takes about a minute.
    """
    try:
        from easeml_action.demo.story import Story
    except ModuleNotFoundError as error:
        raise DemoNotInstalled(str(error.name)) from None

    show_note("The repository, GitHub's API and the runner are played on this machine.")
    strange = 0
    with _stage(folder) as place:
        story = Story(place)
        start = time.monotonic()
        for number, scene in enumerate(story.play(), 1):
            _show(number, scene, time.monotonic() - start, brief=brief)
            start = time.monotonic()
            strange += not scene.went_as_planned
        if not strange:
            _reveal(story.reveal(), html, svg)
    if strange:
        show_error(f"easeml: {strange} of the runs did not go as planned. Please report the log.")
    return int(strange > 0)


def _reveal(measured: "MeasuredTestSet", html: Path | None, svg: Path | None) -> None:
    """Show the key holder's page of the test set that has retired."""
    from easeml_action.page import draw_svg, render_page

    if html is None:
        handle, name = tempfile.mkstemp(prefix="easeml-demo-", suffix=".html")
        os.close(handle)
        html = Path(name)
    replace(html, render_page(measured).encode())
    if svg is not None:
        replace(svg, draw_svg(measured).encode())
    show_note(f"What the first test set had measured, as `easeml reveal` shows it: {html}")


@contextmanager
def _stage(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="easeml-demo-") as made:
            yield Path(made)
        return
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise WrongUse(f"{folder} is not empty.", "Name another folder with --folder.")
    yield folder.absolute()


def _show(number: int, scene: "Scene", seconds: float, *, brief: bool) -> None:
    state, description = scene.status
    ended = "succeeded" if scene.run.exit_code == 0 else f"failed (exit {scene.run.exit_code})"
    facts = {
        "status easeml/ci": f"{state}: {description}",
        "job": f"{ended} after {seconds:.1f} s",
    }
    for issue, issue_state, title in scene.issues:
        facts[f"issue #{issue}"] = f"{issue_state}: {title}"
    show_scene(f"{number}. {scene.title}", facts)
    if not brief:
        show_markdown("Job summary", scene.run.summary)
        for comment in scene.comments:
            show_markdown("Comment on the issue", comment)
    if not scene.went_as_planned:
        show_error(f"Expected the verdict {scene.expected!r}. The log of the run:\n{scene.run.log}")
