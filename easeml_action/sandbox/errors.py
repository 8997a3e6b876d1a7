"""What can keep a command from being confined. Never because of what the command did."""

from pathlib import Path

from easeml_action.errors import GateError


class MachineFault(GateError):
    """Something that keeps the machine, as it is set up, from running models: whichever it is."""


class SandboxFailed(MachineFault):
    """The separate process could not be set up."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"The model's own process could not be set up: {cause}.",
            "Run the action in its own container, as root with Docker's default capabilities, "
            "or as an ordinary user.",
        )


class FolderUnreachable(MachineFault):
    """A folder above the scratch or cache folder is closed to the model's user."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The user that runs the model cannot enter the folder {str(folder)!a}.",
            "Choose a temporary folder that every user can enter, such as /tmp (TMPDIR).",
        )


class LayerMissing(MachineFault):
    """A layer of the sandbox cannot be put in force here, and the user did not accept that."""

    def __init__(self, layer: str, cause: str) -> None:
        super().__init__(
            f"The sandbox's layer {layer!r} is not in force on this machine: {cause}.",
            "Run the action in its own container on Linux 5.13 or later (GitHub's own runners "
            "are), or accept models that are held by the other layers alone: "
            f"`allow-unsandboxed: {layer}`.",
        )
        self.layer = layer


class NoEngine(MachineFault):
    """A model asks for a container, and there is no engine that could run it."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"The model is run in a container, and {cause}.",
            "Run the job where Docker is, as on GitHub's own Linux runners, or take dockerfile "
            "out of the configuration.",
        )


class EngineTooWeak(MachineFault):
    """The engine cannot hold a container as it must be held."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"The Docker engine gives containers no {missing}, and the model is untrusted.",
            "Run the job with an engine in its default set-up, as on GitHub's own Linux runners.",
        )


class EngineFailed(MachineFault):
    """The engine did not do what it was asked. Never because of what a model did."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"The Docker engine failed: {cause[:300]!a}.",
            "Run the job again; if it happens again, read the engine's log on the runner.",
        )
