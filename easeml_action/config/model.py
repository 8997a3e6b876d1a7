"""The configuration of a gate: its terms, and where everything is."""

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, Strict

from easeml_action.config.addresses import Path, Ref, Text
from easeml_action.config.errors import ConfigInvalid, NoLabelNamed, NoTestSetNamed
from easeml_action.config.file import read_settings
from easeml_action.config.terms import Terms

DEFAULT_NAME = ".easeml.yml"
DEFAULT_TIME_LIMIT = 1_800
MAX_PERIODS = 10_000
MAX_TIME_LIMIT = 6 * 60 * 60
MIN_MEMORY_LIMIT, MAX_MEMORY_LIMIT = 64, 2**22
ENCRYPTED_SUFFIXES = frozenset({".gpg", ".pgp", ".asc", ".enc"})


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Config(Terms):
    """What the key holder decided, once and for the life of a test set."""

    script: Path = Field(
        description="a path inside the repository", examples=["./evaluate_model.py"]
    )
    test_set: Path | None = Field(
        default=None,
        description="a path inside the repository",
        examples=["data_test/test.csv.gpg"],
    )
    sample: Path | None = Field(
        default=None,
        description="a path inside the repository",
        examples=["data_test/test.sample.csv"],
    )
    label: Annotated[int, Strict(), Field(ge=1)] | Annotated[Text, Field(min_length=1)] | None = (
        Field(
            default=None,
            description="the name of a column, or its position counted from 1",
            examples=["label"],
        )
    )
    header: Annotated[bool, Strict()] | None = Field(
        default=None, description="true or false", examples=["true"]
    )
    format: Literal["csv", "tsv", "jsonl"] | None = Field(
        default=None, description="csv, tsv or jsonl", examples=["csv"]
    )
    model_paths: (
        Annotated[tuple[Path, ...], BeforeValidator(_one_or_many), Field(min_length=1)] | None
    ) = Field(
        default=None,
        description="a list of paths inside the repository",
        examples=["[evaluate_model.py, models/]"],
    )
    dockerfile: Path | None = Field(
        default=None, description="a path inside the repository", examples=["Dockerfile"]
    )
    time_limit: Annotated[int, Strict()] = Field(
        default=DEFAULT_TIME_LIMIT,
        ge=1,
        le=MAX_TIME_LIMIT,
        description=f"a whole number of seconds from 1 to {MAX_TIME_LIMIT:,}",
        examples=["1800"],
    )
    memory_limit: Annotated[int, Strict()] | None = Field(
        default=None,
        ge=MIN_MEMORY_LIMIT,
        le=MAX_MEMORY_LIMIT,
        description=f"a whole number of MiB from {MIN_MEMORY_LIMIT} to {MAX_MEMORY_LIMIT:,}",
        examples=["4096"],
    )
    periods: Literal["auto"] | Annotated[int, Strict(), Field(ge=1, le=MAX_PERIODS)] = Field(
        default=1,
        description=f"auto, or a whole number from 1 to {MAX_PERIODS:,}",
        examples=["auto"],
    )
    allow_overlap: Annotated[int, Strict()] = Field(
        default=0,
        ge=0,
        description="a whole number of rows, 0 or more",
        examples=["20"],
    )
    baseline: Ref | None = Field(
        default=None, description="a branch, a tag or a commit", examples=["v1.0"]
    )
    data_mode: Literal["local"] | None = Field(
        default=None,
        description="local, the only way in which the test set is kept (encrypted, in the "
        "repository)",
        examples=["local"],
    )

    @classmethod
    def load(cls, data: bytes, name: str = DEFAULT_NAME) -> Self:
        """Read a configuration file.

        Parameters
        ----------
        data
            The bytes of the file, at most 64 KiB.
        name
            What errors call the file.

        Raises
        ------
        ConfigInvalid
            The file is no configuration; the error names the key and what to write.
        """
        return cls.read(read_settings(data, name), name)

    @property
    def sample_path(self) -> str | None:
        """Where the public sample is: as named, else beside the test set."""
        if self.sample is not None or self.test_set is None:
            return self.sample
        return sample_beside(self.test_set)

    def periods_for(self, rows: int, required: int) -> int:
        """Return how many periods a new test set serves, where a period requires some rows."""
        if self.periods == "auto":
            return min(max(rows // required, 1), MAX_PERIODS)
        return self.periods

    def require_test_set(self) -> str:
        """Return the path of the ciphertext.

        Raises
        ------
        NoTestSetNamed
            The configuration has no ``test_set``.
        """
        if self.test_set is None:
            raise NoTestSetNamed
        return self.test_set

    def require_label(self) -> str | int:
        """Return the label's column: its name, or its position counted from 1.

        Raises
        ------
        NoLabelNamed
            The configuration has no ``label``.
        """
        if self.label is None:
            raise NoLabelNamed
        return self.label

    def _check_together(self, name: str) -> None:
        super()._check_together(name)
        if self.header is False and isinstance(self.label, str):
            raise ConfigInvalid(
                name,
                "label is a column's name, and header: false says that columns have none",
                "Write the label's position counted from 1, or take header out",
            )


def sample_beside(test_set: str) -> str:
    """Return the path of the public sample of a ciphertext: ``test.sample.csv`` beside it."""
    path = PurePosixPath(test_set)
    if path.suffix.lower() in ENCRYPTED_SUFFIXES:
        path = path.with_suffix("")
    return str(path.with_name(f"{path.stem}.sample{path.suffix}"))
