"""Builds a model's Python environment with uv, once for every content of its requirements.

Installing can run code of the packages, so a build is as untrusted as the model: it runs behind
the same layers, with the network and with nothing of ours in its environment. Where wheels do, none
of their code runs. A finished environment belongs to the
gate, and models only read it.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from easeml_action.errors import GateError
from easeml_action.model.interpreter import SYSTEM_PATH, find_interpreter, find_uv
from easeml_action.model.recipe import Recipe, read_recipe
from easeml_action.progress import Progress
from easeml_action.sandbox import (
    Account,
    Completed,
    Layer,
    Limits,
    MachineFault,
    Reach,
    give_all,
    make_enterable,
    open_account,
    remove,
    run_confined,
    seal,
)

# The form of what the cache holds. Another form, another name, another environment.
_FORM = "1"

# A user before the host of an address, with a scheme or without; variables hold one or several.
_USER = re.compile(r"(?:^|[\s,]|//)[^\s,/?#]*@")

# What a build may know of the machine: where packages come from and whom to trust on the way.
_PASSED_ON = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX_STRATEGY",
    "UV_FIND_LINKS",
    "UV_INSECURE_HOST",
    "UV_HTTP_TIMEOUT",
    "UV_OFFLINE",
    "UV_EXCLUDE_NEWER",
    "UV_TORCH_BACKEND",
)


class EnvironmentFailed(GateError):
    """uv could not build the environment."""

    def __init__(self, title: str, how: str) -> None:
        super().__init__(
            f"The model's Python environment could not be built from {title}: {how}.",
            "Read uv's own words in the log, and mend the file or make its packages available "
            "to the runner.",
        )


class CredentialsPassedOn(MachineFault):
    """A variable that builds get holds a user name or a password."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"The variable {variable} holds a user name or a password, and the packages of a model "
            "could read it while they are built.",
            "Take it out of the address, and let the runner reach an index or a proxy that asks "
            "for none.",
        )


@dataclass(frozen=True)
class Environment:
    """A finished Python environment."""

    directory: Path

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return self.directory / "bin"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.programs / "python"

    @property
    def places(self) -> tuple[Path, ...]:
        """The folders that a program in it reads: its own, and where its Python is installed."""
        return self.directory, Path(os.path.realpath(self.python)).parents[1]


def build_environment(
    checkout: Path,
    digest: str,
    cache: Path,
    progress: Progress,
    limits: Limits,
    *,
    tolerated: Collection[Layer] = (),
) -> Environment:
    """Build the environment that a checkout asks for, or take it from the cache.

    Parameters
    ----------
    checkout
        The model's files.
    digest
        The model's digest.
    cache
        Where environments are kept. Nobody but the gate may write there.
    progress
        Shows uv's log, as untrusted text.
    limits
        Bounds on the build.
    tolerated
        The layers of the sandbox without which the user accepts to build.

    Raises
    ------
    EnvironmentFailed
        uv could not build it.
    UnreadableProject
        The file that asks for it cannot be read.
    CredentialsPassedOn, NoInterpreter, LayerMissing, SandboxFailed, FolderUnreachable
        This machine cannot run a build.
    """
    make_enterable(cache)
    recipe = read_recipe(checkout)
    with open_account() as account:
        interpreter = find_interpreter(for_others=account.separate)
        key = recipe.key(
            checkout, digest, _FORM, str(account.separate), str(interpreter), str(_passed_on())
        )
        shelf = cache / key
        environment = Environment(shelf / "environment")
        with _locked(cache / f"{key}.lock"):
            finished = shelf / "finished"
            if finished.exists():
                progress.say(f"Python {interpreter.version} from {recipe.title}: as built before.")
                return environment
            remove(shelf)
            make_enterable(shelf)
            with progress.group(f"Build Python {interpreter.version} from {recipe.title}"):
                try:
                    build = _Build(
                        recipe, checkout, shelf, account, limits=limits, tolerated=tolerated
                    )
                    build.carry_out(interpreter.path, progress)
                except BaseException:
                    remove(shelf)
                    raise
            finished.touch()
    return environment


class _Build:
    """One build: ``environment`` is what stays of it, ``workshop`` what is thrown away."""

    def __init__(
        self,
        recipe: Recipe,
        checkout: Path,
        shelf: Path,
        account: Account,
        *,
        limits: Limits,
        tolerated: Collection[Layer],
    ) -> None:
        self._recipe = recipe
        self._account = account
        self._limits = limits
        self._tolerated = tolerated
        self._environment = shelf / "environment"
        self._workshop = shelf / "workshop"
        self._source = self._workshop / "source"
        for folder in (self._environment, self._workshop):
            folder.mkdir()
            account.give(folder, 0o700)
        self._uv = find_uv(self._workshop, for_others=account.separate)
        self._copy(checkout)

    def carry_out(self, interpreter: Path, progress: Progress) -> None:
        self._reach = Reach(
            (self._uv, interpreter.parents[1], *_places_passed_on()),
            (self._environment, self._workshop),
            network=True,
        )
        self._run(
            progress,
            *("venv", "--no-project", "--allow-existing", "--quiet"),
            *("--python", str(interpreter), str(self._environment)),
        )
        if self._recipe.arguments and not self._install_wheels(progress):
            self._run(progress, *self._recipe.arguments)
        remove(self._workshop)
        seal(self._environment)

    def _install_wheels(self, progress: Progress) -> bool:
        """Install without running any code of the packages, where all of them come as wheels."""
        if not self._recipe.lists_packages:
            return False
        completed = self._call(*self._recipe.arguments, "--no-build")
        if completed.succeeded:
            progress.show_untrusted(completed.log or "")
        else:
            progress.say("Not every package comes as a wheel for this machine: some are built.")
        return completed.succeeded

    def _copy(self, checkout: Path) -> None:
        """Give the build what its name covers, and no more: else it would not be its name."""
        if self._recipe.whole:
            shutil.copytree(checkout, self._source, symlinks=True)
        else:
            self._source.mkdir()
            for name in self._recipe.files:
                shutil.copyfile(checkout / name, self._source / name)
        give_all(self._source, self._account)

    def _run(self, progress: Progress, *arguments: str) -> None:
        completed = self._call(*arguments)
        if completed.log:
            progress.show_untrusted(completed.log)
        if not completed.succeeded:
            raise EnvironmentFailed(self._recipe.title, self._describe(completed))

    def _call(self, *arguments: str) -> Completed:
        return run_confined(
            [str(self._uv), *arguments],
            directory=self._source,
            environment=self._variables(),
            account=self._account,
            limits=self._limits,
            reach=self._reach,
            keep_log=True,
            tolerated=self._tolerated,
        )

    def _describe(self, completed: Completed) -> str:
        match completed.overrun:
            case "time":
                return f"uv was not done after {self._limits.seconds:g} seconds"
            case "memory" | "disk":
                return f"it took more {completed.overrun} than a build may have"
        return f"uv ended with exit code {completed.exit_code}"

    def _variables(self) -> Mapping[str, str]:
        return _passed_on() | {
            "PATH": SYSTEM_PATH,
            "LANG": "C.UTF-8",
            "HOME": str(self._workshop),
            "TMPDIR": str(self._workshop),
            "VIRTUAL_ENV": str(self._environment),
            "UV_PROJECT_ENVIRONMENT": str(self._environment),
            # Of its own for every build: what one build writes there, another would trust.
            "UV_CACHE_DIR": str(self._workshop / "cache"),
            "UV_COMPILE_BYTECODE": "1",
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_SYSTEM_CERTS": "1",
        }


def _passed_on() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    for name, value in passed_on.items():
        if _USER.search(value):
            raise CredentialsPassedOn(name)
    return passed_on


def _places_passed_on() -> tuple[Path, ...]:
    """Return the files and folders that the variables passed on name."""
    words = re.split(r"[\s,]+", " ".join(_passed_on().values()))
    places = (word.removeprefix("file://") for word in words)
    return tuple(Path(place) for place in places if place.startswith("/"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
