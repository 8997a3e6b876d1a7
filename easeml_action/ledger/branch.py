"""The git side: the files on one branch of the remote, replaced by compare-and-swap.

All work is done in a bare repository of our own under the temporary directory, so that the
checkout's work tree, index, configuration, references and shallow marks stay as they are. It
includes the checkout's configuration, so that the remote ``origin`` means the same in both.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from easeml_action.git import Git, GitFailed, identity
from easeml_action.ledger.errors import LedgerReplaced, LedgerTooLarge, NoOrigin, NotALedger
from easeml_action.ledger.refusals import TryAgain, explain, may_go_alone, says_absent
from easeml_action.ledger.witness import compare, deleted, witness_folder, witness_ref
from easeml_action.patience import Patience

DEFAULT_BRANCH: Final = "easeml-ledger"
LEDGER_FILE: Final = "ledger.jsonl"
MAX_LEDGER_BYTES: Final = 512 * 1024 * 1024

_README_FILE: Final = "README.md"
_LOCAL: Final = "refs/easeml/ledger"
_LOCAL_BESIDE: Final = "refs/easeml/beside/"
_LOCAL_WITNESS: Final = f"{_LOCAL_BESIDE}witness"
# How often a ledger that its witness contradicts is looked at, and the seconds in between: a
# server need not show both refs of one push at the same instant.
_LOOKS: Final = 3
_LOOK_PAUSE: Final = 0.5
_IDENTITY: Final = identity("easeml-ci", "easeml-ci@noreply.invalid")

# Shown to whoever opens the branch in a browser.
_README: Final = b"""\
# Ledger of ease.ml/ci

This branch is the memory of the ease.ml/ci gate: which test sets it has used, how many of their
steps are taken, and what each step decided. The action appends to `ledger.jsonl` and never changes
what stands there. Please do not edit, rebase, merge or delete this branch: every record is chained
to the one before it and sealed, and a ledger that does not check out stops the gate. The files in
`rows` are keyed digests, by which the rows of a test set are known again when they are used twice.

`easeml status` shows what is in it. The measurements inside are encrypted to the owner of the test
set, who reads them with `easeml reveal`.
"""


@dataclass(frozen=True)
class Tip:
    """What the branch holds: its newest commit and the ledger in it; no commit, no branch.

    ``witness`` is where the ref beside the branch stands, or None where there is none.
    """

    commit: str | None
    data: bytes
    witness: str | None = None


class Branch:
    """The branch of ``origin`` that holds the ledger.

    Parameters
    ----------
    git
        The checkout, with the token that opens its remote.
    name
        Name of the branch.
    """

    def __init__(self, git: Git, name: str = DEFAULT_BRANCH) -> None:
        self._git = git
        self.name = name

    @property
    def patience(self) -> Patience:
        """How long the checkout puts up with a remote that fails."""
        return self._git.patience

    @contextmanager
    def copy(self) -> Iterator["Copy"]:
        """Lend a private copy of the branch, removed at the end.

        Raises
        ------
        NoOrigin
            The checkout has no such remote.
        """
        self._insist_on_origin()
        about = ("--path-format=absolute", "--git-path", "config", "--show-object-format")
        configuration, algorithm = self._git.text("rev-parse", *about).rsplit("\n", 1)
        # A git that was killed for its silence may leave a child that is still writing here.
        scratch = tempfile.TemporaryDirectory(prefix="easeml-ledger-", ignore_cleanup_errors=True)
        with scratch as directory:
            own = Git(Path(directory))
            own.run("init", "--quiet", "--bare", "--template=", f"--object-format={algorithm}")
            own.run("config", "include.path", configuration)
            yield Copy(self._git, own, self.name)

    def _insist_on_origin(self) -> None:
        try:
            self._git.run("remote", "get-url", "origin")
        except GitFailed as failed:
            if "No such remote" not in failed.stderr:
                raise
            raise NoOrigin(
                "The checkout has no remote 'origin', and the ledger is kept there.",
                "Add the repository's remote with `git remote add origin URL`.",
            ) from None


class Copy:
    """A bare repository of our own that talks to the checkout's remote."""

    def __init__(self, checkout: Git, own: Git, branch: str) -> None:
        self._checkout = checkout
        self._own = own
        self._branch = branch
        self._ref = f"refs/heads/{branch}"
        self._doubts: list[object] = []

    def read(self, timeout: float) -> Tip:
        """Read the branch as it stands on the remote now.

        Raises
        ------
        TryAgain
            The remote did not answer, or the branch came into being in between.
        AccessDenied
            The token may not read.
        LedgerDeleted
            There is no branch, and there was one.
        NotALedger, LedgerTooLarge
            The branch holds something else.
        """
        try:
            self._remote(
                timeout,
                *("fetch", "--quiet", "--depth=1", "--no-filter", "--no-tags"),
                *("--no-write-fetch-head", "--no-recurse-submodules", "--prune"),
                *("origin", f"+{self._ref}:{_LOCAL}"),
                # With an asterisk, since a plain name that the remote lacks would be an error.
                f"+{witness_folder(self._branch)}*:{_LOCAL_BESIDE}*",
            )
        except GitFailed as failed:
            if not says_absent(failed.stderr):
                raise explain(failed, self._branch) from None
            self._insist_on_absence(timeout)
            return Tip(None, b"")
        commit = self._own.text("rev-parse", f"{_LOCAL}^{{commit}}")
        data = self.file(commit, LEDGER_FILE)
        if data is None:
            raise NotALedger(
                f"The branch {self._branch} exists and holds no file {LEDGER_FILE}.",
                "Restore the file if this is the ledger's branch; if the branch is something "
                "else, name another with ledger-branch.",
            )
        witness = self._own.text("for-each-ref", "--format=%(objectname)", _LOCAL_WITNESS)
        return Tip(commit, data, witness or None)

    def insist_on_witness(self, tip: Tip) -> None:
        """Hold the ledger against what its witness remembers.

        Raises
        ------
        LedgerReplaced
            By a subclass, mostly: the branch is not what its witness remembers.
        TryAgain
            It does not seem to be, which may be half of a push by another run.
        """
        if tip.witness in {None, tip.commit}:
            return
        try:
            witnessed = self.file(tip.witness, LEDGER_FILE)
        except GitFailed:  # it is no commit
            witnessed = None
        fault = compare(self._branch, tip.data, witnessed)
        if fault is not None:
            self._doubt((tip.commit, tip.witness), fault)

    def file(self, commit: str | None, path: str) -> bytes | None:
        """Return a plain file of a commit that was read, or None where there is none.

        Raises
        ------
        LedgerTooLarge
            It is larger than any that this program writes.
        """
        if commit is None:
            return None
        entry = self._own.run("ls-tree", "-z", "--long", commit, "--", path)
        found = re.fullmatch(rb"100644 blob ([0-9a-f]+) +([0-9]+)\t[^\0]*\0", entry)
        if found is None:
            return None
        if int(found[2]) > MAX_LEDGER_BYTES:
            raise LedgerTooLarge(
                f"{path} on the branch {self._branch} is larger than "
                f"{MAX_LEDGER_BYTES // 2**20} MiB."
            )
        return self._own.run("cat-file", "blob", found[1].decode())

    def push(self, tip: Tip, files: Mapping[str, bytes], message: str, timeout: float) -> None:
        """Put files beside those that ``tip`` holds, if the branch still stands there.

        Raises
        ------
        TryAgain
            Another writer was first, or the remote failed: the files may be there or not.
        AccessDenied, BranchProtected
            The token may not write, or nobody may.
        """
        commit = self._commit(tip, files, message)
        branch = (self._ref, tip.commit)
        witness = (witness_ref(self._branch), tip.witness)
        try:
            self._swap(commit, timeout, branch, witness)
        except GitFailed as failed:
            if not may_go_alone(failed.stderr, tip.witness):
                raise explain(failed, self._branch) from None
            # A host that takes no such ref, or not two at once, gets the branch by itself.
            try:
                self._swap(commit, timeout, branch)
            except GitFailed as alone:
                raise explain(alone, self._branch) from None
            with suppress(GitFailed):
                self._swap(commit, timeout, witness)

    def _swap(self, commit: str, timeout: float, *refs: tuple[str, str | None]) -> None:
        """Move refs of the remote to a commit, all or none, if they stand where they are said to.

        The lease is what makes this a compare-and-swap: with the old commit named, empty for a ref
        that must not exist, nothing is overwritten. For the branch it is a fast-forward.
        """
        self._remote(
            timeout,
            *("push", "--quiet", "--no-follow-tags", "--no-signed", "--no-verify"),
            "--recurse-submodules=no",
            *(["--atomic"] if len(refs) > 1 else []),
            *(f"--force-with-lease={ref}:{old or ''}" for ref, old in refs),
            "origin",
            *(f"{commit}:{ref}" for ref, _ in refs),
        )

    def _remote(self, timeout: float, *arguments: str) -> bytes:
        own = {"GIT_DIR": str(self._own.directory)}
        return self._checkout.run(*arguments, environment=own, timeout=timeout)

    def _insist_on_absence(self, timeout: float) -> None:
        # A fetch that finds nothing is believed only when a listing that succeeds agrees.
        witness = witness_ref(self._branch)
        try:
            listed = self._remote(timeout, "ls-remote", "--quiet", "origin", self._ref, witness)
        except GitFailed as failed:
            raise explain(failed, self._branch) from None
        names = listed.decode().split()[1::2]
        if self._ref in names:
            raise TryAgain("the branch was created a moment ago", raced=True)
        if witness in names:
            self._doubt(listed, deleted(self._branch))

    def _doubt(self, seen: object, fault: LedgerReplaced) -> None:
        """Look again before what may be half of somebody's push is called damage."""
        self._doubts = [*(each for each in self._doubts if each == seen), seen]
        if len(self._doubts) >= _LOOKS:
            raise fault
        raise TryAgain(fault.problem, raced=True, pause=_LOOK_PAUSE)

    def _commit(self, tip: Tip, files: Mapping[str, bytes], message: str) -> str:
        if tip.commit is None:
            files = {_README_FILE: _README, **files}
        self._own.run("read-tree", tip.commit or "--empty")
        for path, data in files.items():
            digest = self._own.run("hash-object", "-w", "--stdin", stdin=data).decode().strip()
            self._own.run("update-index", "--add", "--cacheinfo", f"100644,{digest},{path}")
        tree = self._own.text("write-tree")
        parent = () if tip.commit is None else ("-p", tip.commit)
        made = self._own.run("commit-tree", tree, *parent, "-m", message, environment=_IDENTITY)
        return made.decode().strip()
