"""Sealing with the real gpg."""

import math

import numpy as np
import pytest
from pydantic import SecretStr

from easeml_action.condition import parse
from easeml_action.sealed import SealedVerdict, SealedVerdictUnreadable, seal, unseal
from easeml_action.statistics import Outcomes, judge
from easeml_action.testset import generate_key, open_vault

CLAUSES = parse(r"n - o > 0.02 +/- 0.01 /\ d < 0.9 +/- 0.01").clauses


def outcomes(right: int) -> Outcomes:
    new = np.arange(997) < right
    old = np.arange(997) % 3 == 0
    return Outcomes(new, old, new != old)


@pytest.mark.parametrize("kind", ["key", "passphrase"])
def test_a_sealed_verdict_opens_again_and_its_length_tells_nothing(kind: str) -> None:
    phrase = SecretStr("correct horse")
    key = generate_key("Owner", "owner@example.com", None).private_key
    measured = [outcomes(right) for right in (0, 331, 997)]
    judgements = [judge(CLAUSES, each, math.log(0.01), "fp-free") for each in measured]
    assert {each.passed for each in judgements} == {True, False}
    with open_vault(*((key, None) if kind == "key" else (None, phrase))) as vault:
        texts = [seal(vault, *pair) for pair in zip(judgements, measured, strict=True)]
        opened = [unseal(vault, text) for text in texts]
    assert opened == [SealedVerdict.of(*pair) for pair in zip(judgements, measured, strict=True)]
    assert len({len(text) for text in texts}) == 1


def test_another_message_to_the_key_holder_is_no_verdict() -> None:
    with open_vault(None, SecretStr("correct horse")) as vault:
        message = vault.encrypt(b"x,label\n1,2\n")
        with pytest.raises(SealedVerdictUnreadable):
            unseal(vault, message)
