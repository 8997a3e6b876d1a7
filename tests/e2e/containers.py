"""What the tests of containers share: an engine as the gate opens it, images, and what is shown."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from easeml_action.progress import Progress
from easeml_action.sandbox import Limits
from easeml_action.sandbox.image import Image, build_image

ROOT = Path(__file__).parents[2]
BUILD_LIMITS = Limits(seconds=120, memory_bytes=2**30)

TABLE = "attacks on and from a model's own container"
WON_AND_LOST = {"without": "won", "with": "lost"}


@dataclass
class Recorder:
    """Keeps what was shown."""

    said: list[str] = field(default_factory=list)
    untrusted: list[str] = field(default_factory=list)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        self.said.append(title)
        yield

    def say(self, line: str) -> None:
        self.said.append(line)

    def show_untrusted(self, text: str) -> None:
        self.untrusted.append(text)


def base_name() -> str:
    """Return the name of the image that the action's own starts from; every model's does here."""
    [*_, name] = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return str(name)


def write_context(folder: Path, dockerfile: str, files: Mapping[str, str] | None = None) -> Path:
    """Write a checkout whose Dockerfile starts from the base image; its files can be run."""
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM {base_name()}\n{dockerfile}")
    for name, content in (files or {}).items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o755)
    return folder


def build(
    client: Any,
    folder: Path,
    dockerfile: str,
    files: Mapping[str, str] | None = None,
    *,
    limits: Limits = BUILD_LIMITS,
    progress: Progress | None = None,
) -> Image:
    """Build an image as the gate does."""
    context = write_context(folder, dockerfile, files)
    return build_image(client, context, "Dockerfile", limits, progress or Recorder())
