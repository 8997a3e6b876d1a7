"""What the ledger says, as values: record types, and their form in JSON.

A record is checked whenever it is made, whether from JSON or by us: its fields are strictly typed
and bounded, so that nothing read from the branch is trusted for its size or its characters.
"""

from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from easeml_action.ledger.errors import RecordUnknown, RecordUnreadable
from easeml_action.statistics import Adaptivity, Budget, Mode

MAX_STEPS: Final = 10_000
# How often a step that was charged may be begun again. Each death of a run may tell a bit of the
# features, and this is what bounds it.
MAX_RESUMPTIONS: Final = 9

_STRICT: Final = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _text(pattern: str, longest: int) -> StringConstraints:
    return StringConstraints(strict=True, pattern=pattern, min_length=1, max_length=longest)


Digest = Annotated[str, _text(r"^[A-Za-z0-9._:+/=-]+$", 128)]
Sha256 = Annotated[str, _text(r"^[0-9a-f]{64}$", 64)]
LedgerId = Annotated[str, _text(r"^[0-9a-f]{32}$", 32)]
Mark = Annotated[str, _text(r"^[0-9a-f]{32}$", 32)]
CommitId = Annotated[str, _text(r"^([0-9a-f]{40}|[0-9a-f]{64})$", 64)]
Time = Annotated[str, _text(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", 20)]
Line = Annotated[str, _text(r"^[ -~]+$", 4096)]
# Only a PGP message may stand here: an estimate in clear would be public for ever.
Sealed = Annotated[
    str,
    _text(
        r"^-----BEGIN PGP MESSAGE-----\n[A-Za-z0-9+/=:. \n-]+-----END PGP MESSAGE-----\n?$", 65536
    ),
]
Count = Annotated[int, Field(strict=True, ge=0, le=MAX_STEPS)]
Positive = Annotated[int, Field(strict=True, ge=1, le=MAX_STEPS)]
Rows = Annotated[int, Field(strict=True, ge=1, le=10**12)]
Share = Annotated[float, Field(strict=True, gt=0, lt=1)]
LnLevel = Annotated[float, Field(strict=True, ge=-1e9, le=0)]
Bit = Annotated[bool, Field(strict=True)]


@dataclass(frozen=True, config=_STRICT)
class Contract:
    """The terms a test set is used under, fixed when it is opened.

    Parameters
    ----------
    reliability
        The promise ``1 - delta`` over the life of the test set, in (0, 1).
    steps
        ``H``, the evaluations that the test set may serve.
    adaptivity
        What the developers see of a verdict.
    passes
        The number of passes that retires the test set, or None.
    pass_rate
        The pass rate assumed under ``metered``, or None.
    """

    reliability: Share
    steps: Positive
    adaptivity: Adaptivity
    passes: Positive | None = None
    pass_rate: Share | None = None

    def __post_init__(self) -> None:
        self.budget  # noqa: B018  terms that no budget can have are refused here

    @cached_property
    def budget(self) -> Budget:
        """The error budget that these terms give."""
        return Budget(
            self.adaptivity,
            self.steps,
            self.reliability,
            passes=self.passes,
            pass_rate=self.pass_rate,
        )

    def __str__(self) -> str:
        terms = [f"adaptivity {self.adaptivity}", f"{self.steps} steps"]
        terms.append(f"reliability {self.reliability!r}")
        if self.passes is not None:
            terms.append(f"{self.passes} passes")
        if self.pass_rate is not None:
            terms.append(f"pass rate {self.pass_rate!r}")
        return ", ".join(terms)


@dataclass(frozen=True, config=_STRICT)
class Question:
    """What one step answers. An equal question gets the recorded verdict again.

    Parameters
    ----------
    test_set
        Identity of the rows.
    condition
        Canonical text of the condition.
    mode
        ``fp-free`` or ``fn-free``.
    new
        Digest of what counts as the new model.
    old
        Digest of the old model; None where the condition speaks of the new one alone.
    label
        Which column is predicted, as JSON; None where that is not known.
    """

    test_set: Digest
    condition: Line
    mode: Mode
    new: Digest
    old: Digest | None = None
    label: Line | None = None


@dataclass(frozen=True, config=_STRICT)
class Genesis:
    """The first record: which ledger this is, and whose."""

    ledger: LedgerId
    repository: Line | None
    time: Time


@dataclass(frozen=True, config=_STRICT)
class Period:
    """A share of a test set's rows that serves as a test set of its own.

    Parameters
    ----------
    whole
        Identity of all the rows.
    number
        Which share it is, from 1.
    of
        How many there are; the one share of one is the whole.
    """

    whole: Digest
    number: Positive = 1
    of: Positive = 1

    @property
    def identity(self) -> str:
        """Identity of the rows of this share."""
        return self.whole if self.of == 1 else f"{self.whole}.{self.number}"

    @property
    def next(self) -> "Period | None":
        """The period after this one; None after the last."""
        return Period(self.whole, self.number + 1, self.of) if self.number < self.of else None

    def share(self, rows: int) -> int:
        """Return how many of all the rows it has: as many as every other, or one more."""
        return rows // self.of + (self.number <= rows % self.of)


@dataclass(frozen=True, config=_STRICT)
class RememberedRows:
    """The rows of a test set, known again by digests, and the periods that they serve in.

    It stands before the first of these is opened, and both hold for good. A test set that an
    older version opened is remembered once its rows are seen again, and serves in one period.

    Parameters
    ----------
    test_set
        Identity of all the rows.
    rows
        How many there are.
    periods
        How many periods share them.
    label
        Digest of the name of the column that the digests leave out.
    digests
        SHA-256 of the file that holds the digests, which lies beside the ledger.
    """

    test_set: Digest
    rows: Rows
    periods: Positive
    label: Digest
    digests: Sha256


@dataclass(frozen=True, config=_STRICT)
class OpenedTestSet:
    """A test set, or a period of one, begins to serve, under a contract that never changes.

    ``ln_alpha_floor`` is the logarithm of the smallest error level at which the rows reach the
    tolerances of the condition. It ends the life of a test set under ``metered``, where the
    levels shrink; None sets no such end.
    """

    test_set: Digest
    ciphertext: Sha256
    rows: Rows
    contract: Contract
    time: Time
    ln_alpha_floor: LnLevel | None = None


@dataclass(frozen=True, config=_STRICT)
class KnownCiphertext:
    """Another ciphertext was found to hold the rows of a test set that is already open."""

    test_set: Digest
    ciphertext: Sha256


@dataclass(frozen=True, config=_STRICT)
class ReservedStep:
    """A step is charged, before its model sees a row.

    ``passes`` and ``fails`` are the verdicts known at that moment: the error level of the step
    follows from them, whatever concurrent steps turn out to be. ``mark`` is random: by it the run
    that wrote the record knows it again.
    """

    question: Question
    step: Positive
    passes: Count
    fails: Count
    commit: CommitId
    time: Time
    run: Line | None = None
    mark: Mark | None = None

    @property
    def test_set(self) -> str:
        """Identity of the rows that the step is charged to."""
        return self.question.test_set


@dataclass(frozen=True, config=_STRICT)
class ResumedStep:
    """A step that is charged and not judged is begun again, before its model sees a row."""

    test_set: Digest
    step: Positive
    time: Time
    mark: Mark
    run: Line | None = None


@dataclass(frozen=True, config=_STRICT)
class Verdict:
    """A reserved step is answered.

    ``passed`` is the one bit, or None under adaptivity ``none``, where the bit is inside
    ``sealed`` only. ``sealed`` is a PGP message to the key holder with bit and estimates.
    """

    test_set: Digest
    step: Positive
    passed: Bit | None
    sealed: Sealed

    @property
    def word(self) -> Literal["pass", "fail", "recorded"]:
        """The verdict as the public may know it: under adaptivity ``none``, that there is one."""
        if self.passed is None:
            return "recorded"
        return "pass" if self.passed else "fail"


Record = (
    Genesis
    | RememberedRows
    | OpenedTestSet
    | KnownCiphertext
    | ReservedStep
    | ResumedStep
    | Verdict
)

_KINDS: Final[dict[str, type[Record]]] = {
    "genesis": Genesis,
    "rows": RememberedRows,
    "open": OpenedTestSet,
    "ciphertext": KnownCiphertext,
    "reserve": ReservedStep,
    "resume": ResumedStep,
    "verdict": Verdict,
}
_KIND_OF: Final = {record_type: kind for kind, record_type in _KINDS.items()}
_READERS: Final[dict[str, TypeAdapter[Record]]] = {
    kind: TypeAdapter(record_type) for kind, record_type in _KINDS.items()
}


def kind_of(record: Record) -> str:
    """Return the word that names a record's type in JSON."""
    return _KIND_OF[type(record)]


def to_json(record: Record) -> dict[str, Any]:
    """Return a record's fields as JSON values, in the one order in which they are written."""
    fields: dict[str, Any] = _READERS[kind_of(record)].dump_python(record)
    return fields


def from_json(kind: object, fields: object, line: int) -> Record:
    """Read a record back from JSON values.

    Parameters
    ----------
    kind, fields
        What the line says; trusted for nothing.
    line
        Number of the line, for the error.

    Raises
    ------
    RecordUnknown
        The kind is not one that this version writes.
    RecordUnreadable
        A field is missing, unknown, or outside its bounds.
    """
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise RecordUnknown(
            f"Line {line} of the ledger holds a record of a kind that this version does not know.",
            "Use the version of the action that wrote it, or a later one.",
        )
    try:
        return reader.validate_python(fields)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(part for part in first["loc"] if isinstance(part, str) and len(part) < 40)
        raise RecordUnreadable(
            f"Line {line} of the ledger is not a record that this action writes"
            f"{f' (field {place})' if place.isidentifier() else ''}."
        ) from None
