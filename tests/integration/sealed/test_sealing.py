"""Sealing with the real gpg."""

import pytest
from pydantic import SecretStr

from easeml_action.sealed import SealedVerdict, SealedVerdictUnreadable, seal, unseal
from easeml_action.testset import generate_key, open_vault

PASSED = SealedVerdict(passed=True, variables={"n": 1.0, "o": 0.0, "d": 1.0}, clauses=(1.0,))
FAILED = SealedVerdict(
    passed=False,
    variables={"n": 0.8123456789012345, "o": 0.7987654321098765, "d": 0.1 + 0.2},
    clauses=(-0.013580246802469, 0.30000000000000004),
)


@pytest.mark.parametrize("kind", ["key", "passphrase"])
def test_a_sealed_verdict_opens_again_and_its_length_tells_nothing(kind: str) -> None:
    phrase = SecretStr("correct horse")
    key = generate_key("Owner", "owner@example.com", None).private_key
    with open_vault(*((key, None) if kind == "key" else (None, phrase))) as vault:
        texts = [seal(vault, verdict) for verdict in (PASSED, FAILED, PASSED)]
        assert [unseal(vault, text) for text in texts] == [PASSED, FAILED, PASSED]
    assert len({len(text) for text in texts}) == 1
    assert len(set(texts)) == len(texts)


def test_another_message_to_the_key_holder_is_no_verdict() -> None:
    with open_vault(None, SecretStr("correct horse")) as vault:
        message = vault.encrypt(b"x,label\n1,2\n")
        with pytest.raises(SealedVerdictUnreadable):
            unseal(vault, message)
