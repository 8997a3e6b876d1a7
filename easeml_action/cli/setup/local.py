# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""What of a gate is there, as far as the clone and its remote tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from easeml_action.cli.credentials import given_passphrase, read_private_key
from easeml_action.cli.encryption import could_be_committed
from easeml_action.cli.files import read_file
from easeml_action.cli.hosting import repository_at
from easeml_action.cli.keygen import secret_command
from easeml_action.cli.opening import read_history
from easeml_action.cli.rehearsal import default_branch
from easeml_action.cli.secrecy import insist_no_private_key
from easeml_action.cli.setup.findings import Finding, look_at
from easeml_action.cli.setup.keys import Keys
from easeml_action.cli.setup.texts import SMTP_URL_SECRET
from easeml_action.cli.setup.workflow_file import GateJob
from easeml_action.git import Git, GitFailed

if TYPE_CHECKING:
    from pydantic import SecretStr

    from easeml_action.config import Config
    from easeml_action.testset import Vault

# shown where only the holder of the key can look
_WITH_KEY = "Its rows are counted with the private key, and EASEML_PASSPHRASE where it has one."
_INIT = "Run `easeml init`: it adds what is missing."


@dataclass(frozen=True)
class SetUp:
    """The set-up of one repository, to be looked at.

    Parameters
    ----------
    root
        The work tree.
    config
        The configuration, or None where there is none that can be used.
    jobs
        The jobs that run the gate.
    keys
        Where the keys are.
    ledger_branch
        The ledger's branch.
    """

    root: Path
    config: "Config | None"
    jobs: tuple[GateJob, ...]
    keys: Keys
    ledger_branch: str

    @property
    def git(self) -> Git:
        """The repository."""
        return repository_at(self.root)

    @cached_property
    def default_branch(self) -> str | None:
        """The default branch of origin, where it says."""
        return default_branch(self.git)

    @property
    def private_key(self) -> "SecretStr | None":
        """The private key, from its file or from the environment; None for neither."""
        return self.keys.private_text or read_private_key(None)

    @contextmanager
    def _vault(self) -> "Iterator[Vault | None]":
        """Lend the vault of the key or passphrase that is at hand; None where none opens it."""
        from easeml_action.testset import is_protected, open_vault

        key, passphrase = self.private_key, given_passphrase()
        if passphrase is None and (key is None or is_protected(key)):
            yield None
            return
        with open_vault(key, passphrase) as vault:
            yield vault

    def look(self) -> list[Finding]:
        """Return how every piece stands, from the key to the remote."""
        return [
            finding
            for piece, look in (
                ("private key", self._private_key),
                ("public key", self._public_key),
                ("history", self._history),
                ("test set", self._test_set),
                ("sample", self._sample),
                ("plain rows", self._plain_rows),
                ("script", self._script),
                ("workflow", self._workflow),
                ("default branch", self._published),
                ("ledger", self._ledger),
            )
            for finding in look_at(piece, look)
        ]

    def _private_key(self) -> Iterator[Finding]:
        from easeml_action.testset import fingerprint_of, open_vault

        key, public = self.private_key, self.keys.public_text
        if key is None:
            fact = f"not at {self.keys.private}, and not in EASEML_PRIVATE_KEY"
            yield Finding("private key", "unknown", fact, "Name it with --private-key.")
            return
        with open_vault(key, None) as vault:
            own = vault.fingerprint
        if public is not None and fingerprint_of(public) != own:
            cure = "Name the private key of this repository with --private-key."
            yield Finding("private key", "missing", "it does not belong to the public key", cure)
            return
        yield Finding("private key", "ok", f"{str(own)[-16:]}, kept outside of the repository")

    def _public_key(self) -> Iterator[Finding]:
        from easeml_action.testset import fingerprint_of

        public = self.keys.public_text
        name = self.keys.public.relative_to(self.root).as_posix()
        if public is not None:
            yield Finding("public key", "ok", f"{name}, {fingerprint_of(public)[-16:]}")
        elif any("private-key" not in job.inputs and job.inputs for job in self.jobs):
            yield Finding("public key", "ok", "none: the test set is encrypted with a passphrase")
        else:
            yield Finding("public key", "missing", f"there is no {name}", _INIT)

    def _history(self) -> Iterator[Finding]:
        insist_no_private_key(self.git, self.keys.public_text)
        yield Finding("history", "ok", "no commit holds the private key")

    def _test_set(self) -> Iterator[Finding]:
        from easeml_action.gate import parse_rows
        from easeml_action.testset.ciphertext import check_ciphertext

        if self.config is None:
            return
        name = self.config.require_test_set()
        path = self.root / name
        if not path.exists():
            yield Finding("test set", "missing", f"there is no {name}", _INIT)
            return
        ciphertext = read_file(path)
        check_ciphertext(ciphertext)
        required = self.config.plan().rows
        with self._vault() as vault:
            if vault is None:
                fact = f"{name} is encrypted; {required:,} rows are required"
                yield Finding("test set", "unknown", fact, _WITH_KEY)
                return
            rows = parse_rows(self.config, vault.decrypt(ciphertext)).rows
        fact = f"{name} has {rows:,} rows, {required:,} are required"
        cure = "Use `easeml rotate` with more rows, or ask for less: `easeml plan --rows`."
        enough = rows >= required
        yield Finding("test set", "ok" if enough else "missing", fact, "" if enough else cure)

    def _sample(self) -> Iterator[Finding]:
        from easeml_action.gate import parse_sample

        if self.config is None or self.config.sample_path is None:
            return
        name = self.config.sample_path
        path = self.root / name
        if not path.exists():
            cure = "`easeml rotate` writes one; without it a model that does not run costs a step."
            yield Finding("sample", "advised", f"there is no {name}", cure)
            return
        rows = parse_sample(self.config, read_file(path)).rows
        yield Finding("sample", "ok", f"{name} has {rows:,} rows, in the form of the test set")

    def _plain_rows(self) -> Iterator[Finding]:
        """Look where the plain test set would lie: beside its ciphertext."""
        if self.config is None:
            return
        plain = (self.root / self.config.require_test_set()).with_suffix("")
        if not plain.exists():
            yield Finding("plain rows", "ok", "none beside the ciphertext")
        elif could_be_committed(plain):
            name = plain.relative_to(self.root).as_posix()
            cure = f"Move it out of the work tree, or add /{name} to .gitignore."
            yield Finding("plain rows", "missing", f"{name} could be committed", cure)
        else:
            yield Finding("plain rows", "ok", "git ignores them")

    def _script(self) -> Iterator[Finding]:
        from easeml_action.model import Scope, read_model

        if self.config is None:
            return
        name = self.config.script
        try:
            commit = self.git.text("rev-parse", "--verify", "--quiet", "HEAD")
        except GitFailed:
            cure = f"Commit {name}, a program that is run as SCRIPT FEATURES PREDICTIONS."
            yield Finding("script", "missing", "there is no commit yet", cure)
            return
        dockerfile = self.config.dockerfile
        read_model(self.git, commit, Scope(name, self.config.model_paths, dockerfile=dockerfile))
        yield Finding("script", "ok", f"{name} is committed and can be started")

    def _workflow(self) -> Iterator[Finding]:
        if not self.jobs:
            yield Finding("workflow", "missing", "no workflow runs the gate", _INIT)
        for job in self.jobs:
            yield Finding("workflow", "ok", f"{job.name} runs the gate")
            yield from _permissions(job)
            yield from _details(job)
            yield from self._mail(job)

    def _mail(self, job: GateJob) -> Iterator[Finding]:
        """Look whether the key holder hears of a verdict that nobody else does."""
        recipient = None if self.config is None else self.config.recipient
        if recipient is None:
            return
        if "smtp-url" in job.inputs:
            yield Finding("mail", "ok", f"verdicts are mailed to {recipient}")
            return
        command = secret_command(SMTP_URL_SECRET, None, job.environment)
        cure = (
            f"Write smtp-url: ${{{{ secrets.{SMTP_URL_SECRET} }}}} under with:, and run: {command}."
        )
        fact = f"nothing is mailed to {recipient}: the gate is given no smtp-url"
        yield Finding("mail", "advised", fact, cure)

    def _published(self) -> Iterator[Finding]:
        branch = self.default_branch
        if branch is None:
            fact, cure = _without_branch(self.git)
            yield Finding("default branch", "missing", fact, cure)
            return
        tip = self.git.text("ls-remote", "origin", f"refs/heads/{branch}").split()[:1]
        if not tip or not self.git.has_commit(tip[0]):
            fact = f"the newest commit of {branch} is not in this clone"
            yield Finding("default branch", "unknown", fact, "Run: git fetch origin.")
            return
        late = [name for name in self._own_files() if not self._is_in(tip[0], name)]
        if late:
            cure = "Commit them and push, or merge the pull request that brings them."
            fact = f"{branch} has not got {', '.join(late)} as they are here"
            yield Finding("default branch", "missing", fact, cure)
        else:
            yield Finding("default branch", "ok", f"{branch} has the whole gate")

    def _ledger(self) -> Iterator[Finding]:
        with self._vault() as vault:
            history = read_history(vault, self.ledger_branch)
        if not history.test_sets:
            yield Finding("ledger", "ok", "empty: it begins with the first evaluation")
            return
        newest = history.test_sets[-1]
        state = "used up" if newest.is_retired else "in use"
        fact = f"step {newest.steps_taken:,} of {newest.contract.steps:,}, test set {state}"
        yield Finding("ledger", "ok", fact)

    def _own_files(self) -> list[str]:
        from easeml_action.config import DEFAULT_NAME

        config = self.config
        named = [DEFAULT_NAME, config.require_test_set() if config else None]
        named += [config.sample_path if config else None, *(job.name for job in self.jobs)]
        return [name for name in named if name is not None and (self.root / name).exists()]

    def _is_in(self, commit: str, name: str) -> bool:
        return self.git.read(commit, name) == read_file(self.root / name)


def _without_branch(git: Git) -> tuple[str, str]:
    """Say why origin has no default branch, and what to do about it."""
    try:
        git.text("remote", "get-url", "origin")
    except GitFailed:
        cure = "Make a repository on GitHub, and run: git remote add origin ADDRESS."
        return "there is no remote origin", cure
    try:
        refs = git.text("ls-remote", "origin")
    except GitFailed:
        return "origin does not answer", "Check its address: git remote -v, and try again."
    if not refs:
        return "origin is empty", "Run: git push -u origin HEAD."
    cure = "Push that branch, or choose another one under Settings, General."
    return "origin has not got the branch that is its default", cure


def _permissions(job: GateJob) -> Iterator[Finding]:
    missing = job.missing_permissions
    if not missing:
        yield Finding("permissions", "ok", "contents, statuses and issues can be written")
    elif job.permissions is None:
        cure = f"Add to the job of {job.name}: permissions: {{{', '.join(missing)}}}."
        yield Finding("permissions", "missing", "the workflow does not say its permissions", cure)
    else:
        cure = f"Add it under permissions: in {job.name}."
        yield Finding("permissions", "missing", f"not granted: {', '.join(missing)}", cure)


def _details(job: GateJob) -> Iterator[Finding]:
    """Look at what starts the job, at its checkout and at the secret that it passes."""
    late = ", ".join(job.missing_events)
    if late:
        fact = f"it does not start at: {late}"
        yield Finding("events", "missing", fact, f"Add it under on: in {job.name}.")
    if job.depth != "0":
        fact = "there is no checkout" if job.depth is None else f"fetch-depth is {job.depth}"
        cure = "Use actions/checkout with fetch-depth: 0 before the gate."
        yield Finding("checkout", "missing", fact, cure)
    secrets = [job.secret(name) for name in ("private-key", "passphrase")]
    if not any(secrets):
        cure = "Write private-key: ${{ secrets.EASEML_PRIVATE_KEY }} under with:."
        yield Finding("secret", "missing", "the gate is given none", cure)
