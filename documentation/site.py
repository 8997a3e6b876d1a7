"""What MkDocs asks while it builds the site: pages from outside of ``docs/`` and from the code.

The documents are written for GitHub, where links lead to files. On the site a link to a document
leads to its page, and a link to any other file of the repository to GitHub.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import typer
import yaml
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.cli import get_docs_for_click
from typer.main import get_command

from easeml_action.cli import app

ROOT = Path(__file__).parents[1]
SOURCE = "https://github.com/easeml/ci-action/blob/main/"

# Documents of the repository that are pages, by where they are on the site.
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "examples/README.md": "examples/index.md",
}
EXAMPLES = {
    path.relative_to(ROOT).as_posix(): f"examples/{path.stem}.md"
    for path in sorted(ROOT.glob("examples/*.yml"))
}

_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)(?=[)#\s])")


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages that are not in docs/."""
    pages = {place: (ROOT / name).read_text() for name, place in OUTSIDE.items()}
    pages |= {place: _example(ROOT / name) for name, place in EXAMPLES.items()}
    pages |= {"reference/action.md": _action(), "reference/commands.md": _commands()}
    for place, text in pages.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Let every link lead to a page of the site, or to GitHub."""
    place = page.file.src_uri
    return _LINK.sub(lambda link: follow(link[1], place), markdown)


def follow(link: str, place: str) -> str:
    """Return where a link in a page leads, as seen from the page's place on the site.

    >>> follow("docs/setup.md", "index.md")
    'setup.md'
    >>> follow("../examples/README.md", "setup.md")
    'examples/index.md'
    >>> follow("../SECURITY.md", "threat-model.md")
    'security.md'
    >>> follow("../tests/README.md", "architecture.md")
    'https://github.com/easeml/ci-action/blob/main/tests/README.md'
    """
    places = OUTSIDE | EXAMPLES
    written = {page: name for name, page in places.items()}.get(place, f"docs/{place}")
    target = os.path.normpath(PurePosixPath(written).parent / link)
    if target.startswith("docs/"):
        found = target.removeprefix("docs/")
    elif target in places:
        found = places[target]
    elif (ROOT / target).exists():
        return SOURCE + target
    else:
        return link  # MkDocs says that it leads nowhere
    return os.path.relpath(found, PurePosixPath(place).parent)


def _example(path: Path) -> str:
    return f"# {path.name}\n\n[All set-ups](README.md)\n\n```yaml\n{path.read_text()}```\n"


def _action() -> str:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    return "\n".join(
        [
            "# Inputs and outputs",
            "",
            "What `uses: easeml/ci-action` takes and gives, as `action.yml` has it.",
            *_entries("Inputs", action["inputs"]),
            *_entries("Outputs", action["outputs"]),
        ]
    )


def _entries(title: str, entries: Mapping[str, Mapping[str, str]]) -> list[str]:
    lines = ["", f"## {title}"]
    for name, entry in entries.items():
        lines += ["", f"### `{name}`", "", entry["description"].strip()]
        if entry.get("default"):
            lines += ["", f"Default: `{entry['default']}`"]
    return lines


def _commands() -> str:
    command = get_command(app)
    return get_docs_for_click(
        obj=command, ctx=typer.Context(command), name="easeml", title="Commands and options"
    )
