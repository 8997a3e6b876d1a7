# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""From a plain table to the two files that are committed: the ciphertext and the public sample."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from easeml_action.cli.errors import FileExists, WrongUse
from easeml_action.cli.files import read_file, replace, work_tree_of
from easeml_action.cli.secrecy import insist_never_committed
from easeml_action.cli.terminal import show_note
from easeml_action.errors import GateError
from easeml_action.git import Git, GitFailed

if TYPE_CHECKING:
    from pydantic import SecretStr

    from easeml_action.config import Config
    from easeml_action.testset import TestSet


class PlaintextTracked(GateError):
    """The plain test set is under version control."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is tracked by git, so its rows are no secret.",
            "Use rows that were never committed, and keep the plain file out of the repository.",
        )


class TooFewRowsHere(GateError):
    """The data has fewer rows than the promise takes."""

    def __init__(self, rows: int, required: int, use: str, ways: Iterable[str]) -> None:
        missing = required - rows
        offered = ", or ".join(ways)
        others = f"{use} {offered}, or add" if offered else "Add"
        super().__init__(
            f"The promise takes {required:,} rows, and the data has {rows:,} beside the sample.",
            f"{others} {missing:,} more rows: `easeml plan` shows what a choice costs.",
        )


class PublicKeyMissing(GateError):
    """There is no public key to encrypt to."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"There is no public key {path} to encrypt to.",
            "Make a pair with `easeml keygen`, or name the key's file with --public-key.",
        )


class NamesAsRow(GateError):
    """The first line is taken for a row, and looks like the columns' names."""

    def __init__(self) -> None:
        super().__init__(
            "The first line looks like column names, and would be a secret row: a label that is "
            "given by its position means that there is no header.",
            "Give the label's name, take the line out, or say which it is: --header or "
            "--no-header (header: true or header: false in the configuration).",
        )


@dataclass(frozen=True)
class Layout:
    """How a table is read, and where its two files go.

    Parameters
    ----------
    format, label, header
        As the gate will read it.
    test_set, sample
        Paths of the ciphertext and of the public sample.
    header_said
        Whether somebody said that there is a header, or none; else it follows from the label.
    """

    format: str
    label: str | int
    header: bool
    test_set: Path
    sample: Path
    header_said: bool

    @classmethod
    def of(
        cls,
        data: Path,
        config: "Config | None",
        *,
        root: Path,
        output: Path | None = None,
        sample: Path | None = None,
        label: str | None = None,
        header: bool | None = None,
        format: str | None = None,
    ) -> Self:
        """Work it out: what is said on the command line, else the configuration, else the names.

        Raises
        ------
        WrongUse
            The label is not named anywhere, or the ciphertext's name tells another format.
        """
        from easeml_action.config import sample_beside
        from easeml_action.testset import format_of

        if output is None:
            named = config.test_set if config else None
            output = root / (named or f"data_test/test{data.suffix}.gpg")
        if sample is None:
            named = config.sample if config else None
            sample = root / named if named else Path(sample_beside(output.as_posix()))
        column = column_of(label) or (config.label if config else None)
        if column is None:
            raise WrongUse(
                "The label's column is not named.",
                "Add --label NAME (or, without a header, its position from 1), or label to the "
                "configuration.",
            )
        said = format or (config.format if config else None)
        chosen = said or format_of(data.name)
        if said is None and format_of(output.name) != chosen:
            read_as = format_of(output.name)
            raise WrongUse(
                f"{data.name} is {chosen}, and {output.name} would be read as {read_as}.",
                f"Convert the rows to {read_as}, or give the ciphertext (test_set in the "
                f"configuration) a name such as test.{chosen}.gpg.",
            )
        if header is None and config is not None:
            header = config.header
        named_columns = isinstance(column, str) if header is None else header
        return cls(chosen, column, named_columns, output, sample, header_said=header is not None)

    def parse(self, data: bytes) -> "TestSet":
        """Read a table as the gate will."""
        from easeml_action.testset import TestSet

        return TestSet.parse(data, format=self.format, label=self.label, header=self.header)

    def split(self, data: bytes, rows: int) -> tuple[bytes, bytes | None]:
        """Check a table, then set rows of it aside for the sample: none is in both parts.

        Raises
        ------
        NamesAsRow
            Its first line looks like names, and nobody said that it is a row.
        GateError
            It is no test set, or too small.
        """
        from easeml_action.testset import begins_with_names, split_sample

        test_set = self.parse(data)  # here, so that an error counts the rows as the file does
        if not self.header and not self.header_said and begins_with_names(test_set):
            raise NamesAsRow
        if rows == 0:
            return data, None
        return split_sample(data, format=self.format, header=self.header, rows=rows)

    def write(self, ciphertext: bytes, sample: bytes | None) -> None:
        """Write both files, in place of older ones."""
        replace(self.test_set, ciphertext)
        if sample is None:
            self.sample.unlink(missing_ok=True)
        else:
            replace(self.sample, sample)

    def insist_on_new_files(self) -> None:
        """Refuse to write over a file.

        Raises
        ------
        FileExists
            One of the two is there.
        """
        for path in (self.test_set, self.sample):
            if path.exists():
                raise FileExists(path)


def read_plaintext(path: Path, root: Path) -> bytes:
    """Return the plain test set, if git does not have it already.

    Parameters
    ----------
    root
        The repository that the ciphertext is for.

    Raises
    ------
    PlaintextTracked, PlaintextInHistory
        It is in a repository.
    FileUnreadable
        It cannot be read.
    """
    data = read_file(path)
    around = Git(path.absolute().parent) if work_tree_of(path) is not None else None
    if around is not None and around.run("ls-files", "-z", "--", path.name):
        raise PlaintextTracked(path)
    if work_tree_of(root) is not None:
        insist_never_committed(Git(root), path, data)
    return data


def could_be_committed(path: Path) -> bool:
    """Say whether a file lies in a work tree, and nothing keeps it from being added."""
    if work_tree_of(path) is None:
        return False
    try:
        Git(path.absolute().parent).run("check-ignore", "--quiet", "--", path.name)
    except GitFailed:
        return True
    return False


def warn_of(path: Path) -> None:
    """Say that a plain test set could be committed by mistake, where it could."""
    if could_be_committed(path):
        show_note(f"Note: {path} lies in the work tree. Move it away before it is committed.")


def encrypt(data: bytes, public_key: Path, passphrase: "SecretStr | None") -> bytes:
    """Encrypt to a public key, or with a passphrase where one is given.

    Raises
    ------
    PublicKeyMissing
        There is neither.
    """
    from easeml_action.testset import encrypt_to, encrypt_with

    if passphrase is not None:
        return encrypt_with(passphrase, data)
    if not public_key.exists():
        raise PublicKeyMissing(public_key)
    return encrypt_to(read_file(public_key).decode("utf-8", errors="replace"), data)


def insist_on_rows(rows: int, config: "Config | None") -> int | None:
    """Return the rows that the configuration requires for a period, and insist on them.

    None without a configuration.

    Raises
    ------
    TooFewRowsHere
        There are fewer.
    TooFewRows
        There are fewer for each of so many periods.
    """
    from easeml_action.cli.setup.fit import keys, nearest
    from easeml_action.gate import require_rows

    if config is None:
        return None
    required = config.plan().rows
    periods = config.periods_for(rows, required)
    if periods == 1 and rows < required:
        ways = map(keys, nearest(config, rows))
        raise TooFewRowsHere(rows, required, "Write in the configuration", ways)
    require_rows(rows // periods, required, periods)
    if periods > 1:
        show_note(f"The rows serve {periods:,} periods, one after the other.")
    return required


def load_config(path: Path | None, root: Path) -> "Config | None":
    """Return the configuration named, else the one at its usual place, else None."""
    from easeml_action.config import DEFAULT_NAME, Config

    usual = root / DEFAULT_NAME
    chosen = path or (usual if usual.exists() else None)
    return None if chosen is None else Config.load(read_file(chosen), chosen.name)


def column_of(text: str | None) -> str | int | None:
    """Read a label's column: a position where it is a number, else a name."""
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else text
