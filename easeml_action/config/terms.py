"""The terms of the promise: what a verdict means, whoever asks for it and however."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NoReturn, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, InstanceOf, Strict, ValidationError

from easeml_action.condition import Condition, ConditionSyntaxError, parse
from easeml_action.config.addresses import Address, check_address
from easeml_action.config.errors import ConditionImpossible, ConfigInvalid
from easeml_action.statistics import Adaptivity, Budget, Method, Mode, Plan, plan

MAX_STEPS = 10_000

_Whole = Annotated[int, Strict()]
_Share = Annotated[float, Strict(), Field(gt=0, lt=1)]


class Terms(BaseModel):
    """Condition, reliability, mode and budget: all that a plan depends on.

    ``description`` and ``examples`` of every field are what an error says of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    condition: InstanceOf[Condition] = Field(
        description="a condition", examples=["n > 0.8 +/- 0.05"]
    )
    reliability: _Share = Field(
        description="a number between 0 and 1, both left out", examples=["0.999"]
    )
    mode: Mode = Field(description="fp-free or fn-free", examples=["fp-free"])
    adaptivity: Adaptivity = Field(
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
    method: Method = Field(default="exact", description="exact or paper", examples=["exact"])
    email: Address | None = Field(
        default=None, description="an e-mail address", examples=["name@example.com"]
    )

    @classmethod
    def read(cls, settings: Mapping[str, Any], name: str) -> Self:
        """Check settings, in the order in which a reader would look at them.

        Parameters
        ----------
        settings
            Keys and values, the condition as its text.
        name
            What errors call the place where the settings were read.

        Raises
        ------
        ConfigInvalid
            The error names the key and what to write.
        """
        _check_keys(settings, cls.model_fields, name)
        values = dict(settings)
        cls._split_recipient(values, name)
        values["condition"] = _read_condition(values["condition"], name)
        try:
            terms = cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            key = str(first["loc"][0])
            raise cls._invalid(name, key, values[key]) from None
        terms._check_together(name)
        return terms

    @property
    def recipient(self) -> str | None:
        """Who is mailed the verdicts under ``adaptivity: none``."""
        return self.email if self.adaptivity == "none" else None

    @property
    def budget(self) -> Budget:
        """The error budget of a test set under these terms."""
        return Budget(
            self.adaptivity,
            self.steps,
            self.reliability,
            passes=self.passes,
            pass_rate=self.pass_rate,
        )

    def plan(self) -> Plan:
        """Return the rows and labels that the terms require.

        Raises
        ------
        ConditionImpossible
            Every model would pass, or none could.
        """
        try:
            return plan(
                self.condition.clauses,
                self.budget,
                self.mode,
                max_disagreement=self.max_disagreement,
                method=self.method,
            )
        except ValueError as error:
            raise ConditionImpossible(str(error)) from None

    @classmethod
    def _split_recipient(cls, values: dict[str, Any], name: str) -> None:
        """Turn ``none -> name@example.com`` into its two parts, and ``hybrid`` into its name."""
        kind, arrow, recipient = (part.strip() for part in _partition(values["adaptivity"]))
        if arrow:
            if kind != "none":
                raise ConfigInvalid(
                    name,
                    f"adaptivity: {kind[:60]} mails nobody",
                    "Only none has an address, as in none -> name@example.com",
                )
            try:
                values["email"] = check_address(recipient)
            except ValueError:
                raise cls._invalid(name, "adaptivity", values["adaptivity"]) from None
        if isinstance(values["adaptivity"], str):
            values["adaptivity"] = "firstChange" if kind == "hybrid" else kind

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
