"""The options that say what a gate promises, as `easeml plan` and `easeml init` take them."""

from typing import Annotated

import typer

Condition = Annotated[str | None, typer.Option(help="What a commit must hold.")]
Reliability = Annotated[float | None, typer.Option(help="The promise, above 0 and below 1.")]
Steps = Annotated[int | None, typer.Option(help="Commits that the test set serves.")]
Adaptivity = Annotated[str | None, typer.Option(help="none, firstChange, full or metered.")]
Mode = Annotated[str | None, typer.Option(help="fp-free or fn-free.")]
Passes = Annotated[
    int | None,
    typer.Option(
        help="With full: the test set ends after this many passes; that takes fewer rows."
    ),
]
PassRate = Annotated[
    float | None, typer.Option(help="Share of commits expected to pass, with metered.")
]
MaxDisagreement = Annotated[
    float | None, typer.Option(help="Share of predictions assumed to differ at most.")
]
