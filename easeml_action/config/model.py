"""The configuration as a value: every key, its legal values and how they go together."""

import difflib
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NoReturn, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    Strict,
    ValidationError,
)

from easeml_action.condition import Condition, ConditionSyntaxError, parse
from easeml_action.config.errors import ConfigInvalid, NoLabelNamed, NoTestSetNamed
from easeml_action.config.file import read_settings

DEFAULT_NAME = ".easeml.yml"
MAX_STEPS = 10_000
DEFAULT_TIME_LIMIT = 1_800
MAX_TIME_LIMIT = 6 * 60 * 60
ENCRYPTED_SUFFIXES = frozenset({".gpg", ".pgp", ".asc"})


def _check_path(path: str) -> str:
    plain = posixpath.normpath(path)
    if (
        not path.strip()
        or path.startswith(("/", "~", "-"))
        or plain.split("/", 1)[0] in {"..", ".", ".git"}
        or not path.isprintable()
        or "\\" in path
    ):
        raise ValueError("not a path inside the repository")
    return plain


def _check_address(address: str) -> str:
    if len(address) > 254 or not re.fullmatch(r"[^\s@<>(),;:\"\\]+@[A-Za-z0-9.-]+", address):
        raise ValueError("not an e-mail address")
    return address


def _check_ref(ref: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}", ref) or ".." in ref:
        raise ValueError("not a ref")
    return ref


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Text = Annotated[str, Strict()]
_Path = Annotated[_Text, AfterValidator(_check_path)]
_Address = Annotated[_Text, AfterValidator(_check_address)]
_Whole = Annotated[int, Strict()]
_Share = Annotated[float, Strict(), Field(gt=0, lt=1)]


class Config(BaseModel):
    """What the key holder decided, once and for the life of a test set.

    ``description`` and ``examples`` of every field are what an error says of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    script: _Path = Field(
        description="a path inside the repository", examples=["./evaluate_model.py"]
    )
    condition: InstanceOf[Condition] = Field(
        description="a condition", examples=["n - o > 0.02 +/- 0.01"]
    )
    reliability: _Share = Field(
        description="a number between 0 and 1, both left out", examples=["0.999"]
    )
    mode: Literal["fp-free", "fn-free"] = Field(
        description="fp-free or fn-free", examples=["fp-free"]
    )
    adaptivity: Literal["none", "firstChange", "full", "metered"] = Field(
        description="none, none -> name@example.com, firstChange, full or metered",
        examples=["full"],
    )
    steps: _Whole = Field(
        ge=1,
        le=MAX_STEPS,
        description=f"a whole number from 1 to {MAX_STEPS:,}",
        examples=["32"],
    )
    passes: _Whole | None = Field(
        default=None, ge=1, description="a whole number from 1 to steps", examples=["3"]
    )
    pass_rate: _Share | None = Field(
        default=None, description="a number between 0 and 1, both left out", examples=["0.2"]
    )
    max_disagreement: Annotated[float, Strict(), Field(gt=0, le=1)] | None = Field(
        default=None, description="a number above 0 and at most 1", examples=["0.1"]
    )
    method: Literal["exact", "paper"] = Field(
        default="exact", description="exact or paper", examples=["exact"]
    )
    test_set: _Path | None = Field(
        default=None,
        description="a path inside the repository",
        examples=["data_test/test.csv.gpg"],
    )
    sample: _Path | None = Field(
        default=None,
        description="a path inside the repository",
        examples=["data_test/test.sample.csv"],
    )
    label: Annotated[_Whole, Field(ge=1)] | Annotated[_Text, Field(min_length=1)] | None = Field(
        default=None,
        description="the name of a column, or its position counted from 1",
        examples=["label"],
    )
    header: Annotated[bool, Strict()] | None = Field(
        default=None, description="true or false", examples=["true"]
    )
    format: Literal["csv", "tsv", "jsonl"] | None = Field(
        default=None, description="csv, tsv or jsonl", examples=["csv"]
    )
    model_paths: (
        Annotated[tuple[_Path, ...], BeforeValidator(_one_or_many), Field(min_length=1)] | None
    ) = Field(
        default=None,
        description="a list of paths inside the repository",
        examples=["[evaluate_model.py, models/]"],
    )
    time_limit: _Whole = Field(
        default=DEFAULT_TIME_LIMIT,
        ge=1,
        le=MAX_TIME_LIMIT,
        description=f"a whole number of seconds from 1 to {MAX_TIME_LIMIT:,}",
        examples=["1800"],
    )
    baseline: Annotated[_Text, AfterValidator(_check_ref)] | None = Field(
        default=None, description="a branch, a tag or a commit", examples=["v1.0"]
    )
    data_mode: Literal["local"] | None = Field(
        default=None,
        description="local, the only way in which the test set is kept (encrypted, in the "
        "repository)",
        examples=["local"],
    )
    email: _Address | None = Field(
        default=None, description="an e-mail address", examples=["name@example.com"]
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
        settings = read_settings(data, name)
        _check_keys(settings, cls.model_fields, name)
        _split_recipient(settings, name)
        settings["condition"] = _read_condition(settings["condition"], name)
        try:
            config = cls.model_validate(settings)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            key = str(first["loc"][0])
            raise cls._invalid(name, key, settings[key]) from None
        config._check_together(name)
        return config

    @property
    def recipient(self) -> str | None:
        """Who is mailed the verdicts under ``adaptivity: none``."""
        return self.email if self.adaptivity == "none" else None

    @property
    def has_header(self) -> bool:
        """Whether the first line names the columns: yes, unless the label is a position."""
        return not isinstance(self.label, int) if self.header is None else self.header

    @property
    def sample_path(self) -> str | None:
        """Where the public sample is: as named, else beside the test set."""
        if self.sample is not None or self.test_set is None:
            return self.sample
        return sample_beside(self.test_set)

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

    @classmethod
    def _invalid(cls, name: str, key: str, value: object) -> ConfigInvalid:
        field = cls.model_fields[key]
        shown = (
            repr(value)
            if isinstance(value, str)
            else yaml.safe_dump(value, default_flow_style=True, width=60)
        )
        shown = shown.removesuffix("...\n").strip().replace("\n", " ")
        return ConfigInvalid(
            name,
            f"{key} is {shown[:60]}, not {field.description}",
            f"Write for example {key}: {(field.examples or [''])[0]}",
        )

    def _check_together(self, name: str) -> None:
        def refuse(problem: str, remedy: str) -> NoReturn:
            raise ConfigInvalid(name, problem, remedy)

        if self.passes is not None:
            if self.adaptivity != "full":
                refuse(
                    f"passes has no meaning with adaptivity: {self.adaptivity}",
                    "Write adaptivity: full, or take passes out",
                )
            if self.passes > self.steps:
                refuse(
                    f"passes is {self.passes}, more than the {self.steps} steps",
                    "Write a number of passes from 1 to steps",
                )
        if self.adaptivity == "metered" and self.pass_rate is None:
            refuse(
                "adaptivity: metered needs the share of commits that you expect to pass",
                "Add it, for example pass_rate: 0.2",
            )
        if self.adaptivity != "metered" and self.pass_rate is not None:
            refuse(
                f"pass_rate has no meaning with adaptivity: {self.adaptivity}",
                "Write adaptivity: metered, or take pass_rate out",
            )
        if self.header is False and isinstance(self.label, str):
            refuse(
                "label is a column's name, and header: false says that columns have none",
                "Write the label's position counted from 1, or take header out",
            )


def sample_beside(test_set: str) -> str:
    """Return the path of the public sample of a ciphertext: ``test.sample.csv`` beside it."""
    path = PurePosixPath(test_set)
    if path.suffix in ENCRYPTED_SUFFIXES:
        path = path.with_suffix("")
    return str(path.with_name(f"{path.stem}.sample{path.suffix}"))


def _check_keys(settings: Mapping[str, object], fields: Mapping[str, Any], name: str) -> None:
    for key in settings:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            raise ConfigInvalid(
                name,
                f"there is no key {key[:60]!r}",
                f"Write {near[0]} if that is what is meant"
                if near
                else f"The keys are {', '.join(fields)}",
            )
    for key, field in fields.items():
        if field.is_required() and key not in settings:
            raise ConfigInvalid(
                name, f"the key {key} is missing", f"Add {key}: {field.examples[0]}"
            )


def _split_recipient(settings: dict[str, Any], name: str) -> None:
    """Turn ``none -> name@example.com`` into its two parts, and ``hybrid`` into its name here."""
    kind, arrow, recipient = (part.strip() for part in _partition(settings["adaptivity"]))
    if arrow:
        if kind != "none":
            raise ConfigInvalid(
                name,
                f"adaptivity: {kind[:60]} mails nobody",
                "Only none has an address, as in none -> name@example.com",
            )
        try:
            settings["email"] = _check_address(recipient)
        except ValueError:
            raise Config._invalid(name, "adaptivity", settings["adaptivity"]) from None
    if isinstance(settings["adaptivity"], str):
        settings["adaptivity"] = "firstChange" if kind == "hybrid" else kind


def _partition(adaptivity: object) -> Iterable[str]:
    found = re.match(r"(.*?)(->|→)(.*)", str(adaptivity))
    return found.groups() if found else (str(adaptivity), "", "")


def _read_condition(text: object, name: str) -> Condition:
    if not isinstance(text, str):
        raise ConfigInvalid(
            name, "condition is not a text", "Write for example condition: n > 0.8 +/- 0.05"
        )
    try:
        return parse(text)
    except ConditionSyntaxError as error:
        raise ConfigInvalid(
            name,
            error.problem.removesuffix(".").replace("The", "the", 1),
            error.remedy.removesuffix("."),
            error.excerpt,
        ) from None
