"""The gate as it stands on the trusted branch: configuration, ciphertext and public sample.

All three are read from one trusted commit and never from the change under test, so no change can
lower its own bar or swap the test set.
"""

import hashlib
from dataclasses import dataclass

from easeml_action.config import Config, ConfigMissing
from easeml_action.errors import GateError
from easeml_action.git import Git
from easeml_action.github import Change
from easeml_action.ledger import Contract
from easeml_action.lfs import resolve
from easeml_action.model import Scope
from easeml_action.statistics import Plan
from easeml_action.testset import TestSet, format_of

_TRUSTED_REF = "refs/easeml/trusted"


class TestSetMissing(GateError):
    """The configuration names a ciphertext that the trusted branch does not have."""

    __test__ = False  # the name begins as a test class does

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The test set {path} is not on the trusted branch.",
            "Encrypt it with `easeml encrypt` and commit it, or correct test_set in the "
            "configuration.",
        )


class TooFewRows(GateError):
    """The test set, or a period of it, is smaller than what the configuration takes."""

    def __init__(self, rows: int, required: int, periods: int = 1) -> None:
        what = "The test set" if periods == 1 else f"A period, one of {periods:,},"
        fewer = "" if periods == 1 else "share them out over fewer periods, "
        super().__init__(
            f"{what} has {rows:,} rows and the configuration requires {required:,}.",
            f"Add rows, {fewer}or ask for less: `easeml plan` shows what each tolerance, "
            "reliability and number of steps costs.",
        )


class SampleUnusable(GateError):
    """The public sample is not in the form of the test set."""

    def __init__(self, path: str, fault: GateError) -> None:
        cause = fault.problem.replace("The test set", "it").replace("test set", "sample")
        super().__init__(
            f"The public sample {path} is not in the form of the test set: {cause}",
            "Make both from one file with `easeml encrypt`, or correct the sample.",
        )


@dataclass(frozen=True)
class Gate:
    """What a change is held against.

    Parameters
    ----------
    commit
        Id of the trusted commit that everything here was read from.
    config, plan
        The configuration, and the rows that it takes.
    ciphertext
        The encrypted test set.
    sample
        The public rows for the smoke run, or None where the key holder published none.
    own_paths
        The gate's own files and folders, which are no part of any model.
    """

    commit: str
    config: Config
    plan: Plan
    ciphertext: bytes
    sample: bytes | None
    own_paths: tuple[str, ...]

    @property
    def ciphertext_digest(self) -> str:
        """SHA-256 of the ciphertext, by which the ledger knows it again."""
        return hashlib.sha256(self.ciphertext).hexdigest()

    @property
    def contract(self) -> Contract:
        """The terms under which the test set is used for the whole of its life."""
        config = self.config
        return Contract(
            reliability=config.reliability,
            steps=config.steps,
            adaptivity=config.adaptivity,
            passes=config.passes,
            pass_rate=config.pass_rate,
        )

    @property
    def scope(self) -> Scope:
        """Which files of a commit are the model."""
        config = self.config
        return Scope(config.script, config.model_paths, self.own_paths, config.dockerfile)

    def public_rows(self) -> TestSet | None:
        """Return the public sample; None where the key holder published none.

        Raises
        ------
        SampleUnusable
            It is not in the form of the test set.
        """
        return None if self.sample is None else parse_sample(self.config, self.sample)

    def parse(self, data: bytes) -> TestSet:
        """Read rows in the format of the test set, decrypted or public."""
        return parse_rows(self.config, data)


def parse_rows(config: Config, data: bytes) -> TestSet:
    """Read rows as a configuration describes them."""
    return TestSet.parse(
        data,
        format=config.format or format_of(config.require_test_set()),
        label=config.require_label(),
        header=config.header,
    )


def parse_sample(config: Config, data: bytes) -> TestSet:
    """Read the public sample as a configuration describes it.

    Raises
    ------
    SampleUnusable
        It is not in the form of the test set.
    """
    try:
        return parse_rows(config, data)
    except GateError as error:
        raise SampleUnusable(str(config.sample_path), error) from None


def trusted_commit(git: Git, change: Change) -> str:
    """Return the commit to trust: the one the event fixes, else the default branch's tip."""
    if change.trusted is not None:
        git.ensure_commit(change.trusted, refs=change.fetch_refs)
        return change.trusted
    git.fetch(f"+refs/heads/{change.trusted_branch}:{_TRUSTED_REF}")
    return git.text("rev-parse", "--verify", f"{_TRUSTED_REF}^{{commit}}")


def read_config(git: Git, commit: str, path: str) -> Config | None:
    """Return the configuration in a commit, or None where it has none."""
    data = git.read(commit, path)
    return None if data is None else Config.load(data, path)


def require_config(git: Git, commit: str, path: str) -> Config:
    """Return the configuration that a change brings to a branch without one.

    Raises
    ------
    ConfigMissing
        The change has none either.
    """
    config = read_config(git, commit, path)
    if config is None:
        raise ConfigMissing(path)
    return config


def require_rows(rows: int, required: int, periods: int = 1) -> None:
    """Insist on a test set that is large enough, or on a period of it.

    Raises
    ------
    TooFewRows
        It is not; the error has both numbers.
    """
    if rows < required:
        raise TooFewRows(rows, required, periods)


def read_gate(git: Git, commit: str, config: Config, plan: Plan, config_path: str) -> Gate:
    """Return the gate that a trusted commit sets up.

    Raises
    ------
    TestSetMissing
        The ciphertext is not in the commit.
    """
    test_set = config.require_test_set()
    ciphertext = _read(git, commit, test_set)
    if ciphertext is None:
        raise TestSetMissing(test_set)
    sample = config.sample_path
    return Gate(
        commit=commit,
        config=config,
        plan=plan,
        ciphertext=ciphertext,
        sample=None if sample is None else _read(git, commit, sample),
        own_paths=(
            config_path,
            test_set,
            *([sample] if sample else []),
            ".easeml",
            ".github",
        ),
    )


def _read(git: Git, commit: str, path: str) -> bytes | None:
    content = git.read(commit, path)
    return None if content is None else resolve(git, content, path)
