"""Git, run as a program, on one repository that may hold hostile configuration.

The token travels as a header in the environment of git: it is never in argv, in a URL or in
an error.
"""

import base64
import math
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from easeml_action.errors import GateError
from easeml_action.patience import Patience

DEFAULT_TIMEOUT = 300.0

# What git check-ref-format forbids, and a leading dash, which would make it an option.
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/$|\.$|^[/.-]|/\.|\.lock(?:/|$)")
_LONGEST_REF = 1024

# What git says where the same request may succeed a moment later. Everything else that a remote
# refuses (a token, a name that it does not have) it refuses again.
_PASSING = re.compile(
    r"error: (?:408|429|5\d\d)\b|HTTP (?:408|429|5\d\d)\b|RPC failed"
    r"|Could not resolve host|Failed to connect|Couldn't connect|Connection (?:refused|reset|timed)"
    r"|Empty reply from server|transfer closed|Operation too slow|timed out|no answer within"
    r"|hung up unexpectedly|early EOF|unexpected disconnect|expected flush|bad line length"
    r"|not valid: is this a git repository|invalid index-pack output|protocol error",
    re.IGNORECASE,
)

# The workspace belongs to whoever ran before us: no hook or watcher of it is run, and git's
# refusal of a directory owned by another user is lifted for our own commands only.
_SAFE_CONFIGURATION = (
    ("safe.directory", "*"),
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("protocol.ext.allow", "never"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)


class GitFailed(GateError):
    """A git command ended with an error; ``stderr`` is what git said."""

    def __init__(self, command: str, stderr: str) -> None:
        said = stderr.strip().splitlines() or ["it said nothing"]
        cause = next((line for line in said if line.startswith(("fatal:", "error:"))), said[-1])
        super().__init__(
            f"git {command} failed: {cause.removesuffix('.')}.",
            "Check that the checkout is complete and that its remote 'origin' can be reached.",
        )
        self.command = command
        self.stderr = stderr

    @property
    def is_passing(self) -> bool:
        """Whether a remote failed in a way that may be over a moment later."""
        return bool(_PASSING.search(self.stderr))


class CommitMissing(GateError):
    """A commit is neither in the checkout nor to be had from the remote."""

    def __init__(self, commit: str) -> None:
        super().__init__(
            f"Commit {commit[:12]} is not in this checkout and origin did not hand it over.",
            "Use actions/checkout with fetch-depth: 0.",
        )


class NoCheckout(GateError):
    """The workspace holds no repository."""

    def __init__(self) -> None:
        super().__init__(
            "There is no git repository in the workspace.",
            "Add a step with actions/checkout (fetch-depth: 0) before this one.",
        )


class Git:
    """One repository, its remote ``origin``, and the token that opens it.

    Parameters
    ----------
    directory
        The work tree or the bare repository.
    token
        Sent as a header to origin's own host, and to no other.
    patience
        How long a remote that fails is asked again.
    """

    def __init__(
        self,
        directory: Path,
        token: SecretStr | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.directory = directory
        self.patience = patience or Patience()
        self._token = token

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> bytes:
        """Run one git command and return what it printed.

        Raises
        ------
        GitFailed
            It ended with an error, or did not end within ``timeout`` seconds.
        """
        configuration = list(_SAFE_CONFIGURATION)
        if arguments[0] in {"fetch", "push", "ls-remote"}:
            configuration += self._insistence()
            if self._token is not None:
                configuration += self._authorization(self._token)
        try:
            done = subprocess.run(
                ["git", *arguments],
                cwd=self.directory,
                env=_environment(configuration, environment or {}),
                input=stdin,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise GitFailed(arguments[0], f"no answer within {timeout:g} seconds") from None
        if done.returncode != 0:
            raise GitFailed(arguments[0], done.stderr.decode(errors="replace"))
        return done.stdout

    def text(self, *arguments: str) -> str:
        """Run one git command and return its output as stripped text."""
        return self.run(*arguments).decode().strip()

    def fetch(
        self, *refspecs: str, unshallow: bool = False, timeout: float = DEFAULT_TIMEOUT
    ) -> None:
        """Fetch from origin what the refspecs name, and nothing that comes along with it.

        Parameters
        ----------
        unshallow
            Also fetch the history that a shallow clone left out.

        Raises
        ------
        GitFailed
            Origin did not hand it over.
        """
        depth = ["--unshallow"] if unshallow else []
        options = ["--no-tags", "--no-write-fetch-head", *depth]
        self.ask_origin("fetch", *options, "origin", *refspecs, timeout=timeout)

    def ask_origin(self, *arguments: str, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Run one git command that reads from origin, again where a fault may pass.

        Raises
        ------
        GitFailed
            Origin refused, or went on failing.
        """
        trial = self.patience.trial("The git server")
        while True:
            try:
                return self.run(*arguments, timeout=timeout)
            except GitFailed as failed:
                if not failed.is_passing or not trial.pause():
                    raise

    def has_commit(self, commit: str) -> bool:
        """Say whether the commit is in this repository."""
        try:
            self.run("cat-file", "-e", f"{commit}^{{commit}}")
        except GitFailed:
            return False
        return True

    def ensure_commit(self, commit: str, *, refs: tuple[str, ...] = ()) -> None:
        """Fetch a commit that a shallow checkout left out, by its id, else by the refs named.

        Raises
        ------
        CommitMissing
            The remote did not hand it over.
        """
        for wanted in (commit, *refs):
            if self.has_commit(commit):
                return
            try:
                self.fetch(wanted)
            except GitFailed:
                continue
        if not self.has_commit(commit):
            raise CommitMissing(commit)

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file as it stands in a commit, or None where the commit has no such file."""
        entry = self.run("ls-tree", "-z", commit, "--", path).decode(errors="surrogateescape")
        if not entry:
            return None
        kind, blob = entry.split("\t", 1)[0].split(" ")[1:]
        return self.run("cat-file", "blob", blob) if kind == "blob" else None

    def _insistence(self) -> list[tuple[str, str]]:
        # A transfer may take long as long as it goes on; a silent one is a fault like any other.
        silence = str(math.ceil(self.patience.answer))
        return [("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", silence)]

    def _authorization(self, token: SecretStr) -> list[tuple[str, str]]:
        origin = urlsplit(self.text("remote", "get-url", "origin"))
        if origin.scheme not in {"http", "https"}:
            return []
        key = f"http.{origin.scheme}://{origin.hostname}{_port(origin.port)}/.extraheader"
        basic = base64.b64encode(f"x-access-token:{token.get_secret_value()}".encode()).decode()
        # The empty value first drops a header that actions/checkout left in the configuration:
        # GitHub refuses a request with two.
        return [(key, ""), (key, f"Authorization: Basic {basic}")]


def is_ref(name: str) -> bool:
    """Say whether git takes a text for the name of a branch or ref, and for nothing else."""
    return 0 < len(name) <= _LONGEST_REF and not _BAD_REF.search(name)


def borrow(checkout: Git, directory: Path) -> Git:
    """Return a repository of our own that sees everything in a checkout, and changes nothing there.

    What is fetched stays in it. In the checkout it would belong to the user of the action's
    container, and a self-hosted runner could not clear it away afterwards.

    Parameters
    ----------
    checkout
        Its objects, its configuration and with it its remote are borrowed.
    directory
        Where the new repository is made.

    Raises
    ------
    NoCheckout
        The checkout is no repository.
    """
    try:
        common = checkout.text("rev-parse", "--path-format=absolute", "--git-common-dir")
        algorithm = checkout.text("rev-parse", "--show-object-format")
    except GitFailed:
        raise NoCheckout from None
    directory.mkdir()
    own = Git(directory, checkout._token, checkout.patience)
    own.run("init", "--quiet", "--bare", "--template=", f"--object-format={algorithm}")
    own.run("config", "include.path", f"{common}/config")
    info = directory / "objects" / "info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "alternates").write_text(f"{common}/objects\n")
    marks = Path(common) / "shallow"
    if marks.exists():
        (directory / "shallow").write_bytes(marks.read_bytes())
    (directory / "lfs").symlink_to(f"{common}/lfs")
    return own


def connect(
    directory: Path, address: str, token: SecretStr | None = None, patience: Patience | None = None
) -> Git:
    """Return an empty repository of our own whose origin is an address."""
    directory.mkdir()
    own = Git(directory, token, patience)
    own.run("init", "--quiet", "--bare", "--template=")
    own.run("remote", "add", "origin", address)
    return own


def identity(name: str, email: str) -> dict[str, str]:
    """Return the environment in which git makes commits of this author and committer."""
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", email))
    }


def _port(port: int | None) -> str:
    return "" if port is None else f":{port}"


def _environment(configuration: list[tuple[str, str]], extra: Mapping[str, str]) -> dict[str, str]:
    kept = ("PATH", "HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "SSH_AUTH_SOCK")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
    environment = {name: os.environ[name] for name in kept + proxies if name in os.environ}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    environment["GIT_CONFIG_COUNT"] = str(len(configuration))
    for index, (key, value) in enumerate(configuration):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    return environment | dict(extra)
