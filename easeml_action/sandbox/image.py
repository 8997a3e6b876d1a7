"""Builds the image of a model that brings its own Dockerfile.

A Dockerfile is as untrusted as the model. Its build sees the model's files and the network; of
ours it gets no file, no secret, no argument and no registry's password. It takes nothing from an
earlier build either: what one model's build has put there, another's would trust. The image is
known by its id, a digest of its content, and never by a name that something else could move.
"""

import tarfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import requests
import urllib3

from easeml_action.cancellation import undisturbed
from easeml_action.errors import GateError
from easeml_action.progress import Progress
from easeml_action.sandbox.capture import Excerpt
from easeml_action.sandbox.engine import failures_named, leftover_after
from easeml_action.sandbox.errors import EngineFailed
from easeml_action.sandbox.limits import Limits

_HEAD_BYTES = 64 * 2**10
_TAIL_BYTES = 64 * 2**10
_CHUNK_BYTES = 2**20

# Longer than any job: an image is in use from its build to the end of the run.
_IMAGE_SECONDS = 7 * 24 * 60 * 60.0


class ImageBuildFailed(GateError):
    """The engine could not build the image."""

    def __init__(self, dockerfile: str, how: str) -> None:
        super().__init__(
            f"The model's image could not be built from {dockerfile[:200]!a}: {how}.",
            "Read the build's own words in the log, and mend the Dockerfile. It finds the files "
            "of the commit (those under model_paths, where that is set), and gets no secret.",
        )


class ImageHasVolumes(GateError):
    """The image declares volumes: room on the runner's disk that nothing bounds."""

    def __init__(self, volumes: list[str]) -> None:
        super().__init__(
            f"The model's image declares the volume {volumes[0][:200]!a}.",
            "Take VOLUME out of the Dockerfile, or start it from an image without one: a model "
            "writes to /tmp only.",
        )


@dataclass(frozen=True)
class Image:
    """A built image.

    Parameters
    ----------
    client
        The engine that has it.
    id
        The digest by which the engine knows it.
    """

    client: Any
    id: str

    def remove(self) -> None:
        """Take the image and its layers off the engine's disk."""
        # Where it cannot be removed now, a later run does it.
        with undisturbed(), suppress(EngineFailed), failures_named():
            self.client.remove_image(self.id)


def build_image(
    client: Any, checkout: Path, dockerfile: str, limits: Limits, progress: Progress
) -> Image:
    """Build an image from a checkout and nothing else.

    Parameters
    ----------
    client
        The engine.
    checkout
        The model's files: all of the build's context, whatever a ``.dockerignore`` says.
    dockerfile
        The Dockerfile's path in the checkout.
    limits
        Bounds on the build: its time, and the memory of each of its steps.
    progress
        Shows the build's log, as untrusted text.

    Raises
    ------
    ImageBuildFailed
        The build failed, or was not done in time.
    ImageHasVolumes
        The image declares volumes.
    EngineFailed
        The engine failed.
    """
    log = Excerpt(_HEAD_BYTES, _TAIL_BYTES)
    try:
        with failures_named():
            image = Image(client, _build(client, checkout, dockerfile, limits, log))
    finally:
        if said := log.text():
            progress.show_untrusted(said)
    try:
        with failures_named():
            _refuse_volumes(client.inspect_image(image.id)["Config"].get("Volumes"))
    except BaseException:
        image.remove()
        raise
    return image


def _build(client: Any, checkout: Path, dockerfile: str, limits: Limits, log: Excerpt) -> str:
    """Return the id of the built image."""
    deadline = time.monotonic() + limits.seconds
    late = ImageBuildFailed(dockerfile, f"it was not done after {limits.seconds:g} seconds")
    built = None
    try:
        # Closing the stream before its end ends the build.
        with closing(
            client.build(
                fileobj=archive(checkout),
                custom_context=True,
                dockerfile=dockerfile,
                nocache=True,
                rm=True,
                forcerm=True,
                container_limits={"memory": limits.memory, "memswap": limits.memory},
                labels=leftover_after(_IMAGE_SECONDS),
                use_config_proxy=False,
                timeout=limits.seconds,
                decode=True,
            )
        ) as messages:
            for message in messages:
                said = str(message.get("stream") or message.get("error") or "")
                log.add(said.encode(errors="replace"))
                if "error" in message:
                    raise ImageBuildFailed(dockerfile, "a step failed")
                if time.monotonic() > deadline:
                    raise late
                # What a step prints is text under the key "stream"; this one is the engine's own.
                built = message.get("aux", {}).get("ID", built)
    except docker.errors.APIError as error:
        log.add(f"{error.explanation}\n".encode())
        raise ImageBuildFailed(dockerfile, "the engine refused it") from None
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise late from None
    if built is None:
        raise ImageBuildFailed(dockerfile, "it came to no image")
    return str(built)


def _refuse_volumes(declared: dict[str, Any] | None) -> None:
    if declared:
        raise ImageHasVolumes(sorted(declared))


def archive(folder: Path) -> Iterator[bytes]:
    """Stream a folder as tar: names, modes and contents, and nothing else of this machine."""
    for path in sorted(folder.rglob("*")):
        entry = tarfile.TarInfo(str(path.relative_to(folder)))
        entry.mode = path.lstat().st_mode & 0o755
        if path.is_symlink():
            entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        elif path.is_dir():
            entry.type = tarfile.DIRTYPE
        else:
            entry.size = path.stat().st_size
        yield entry.tobuf(tarfile.PAX_FORMAT)
        if entry.isfile():
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    yield chunk
            yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)
