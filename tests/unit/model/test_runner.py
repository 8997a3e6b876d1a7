import pytest

from easeml_action.model.runner import ModelCrashed


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (1, "The model ended with exit code 1 on the public sample."),
        (-11, "The model was ended by SIGSEGV on the public sample."),
        (-9, "The model was ended by SIGKILL (is there enough memory?) on the public sample."),
        (-40, "The model was ended by signal 40 on the public sample."),
        (None, "was ended from outside (is there enough memory?) on the public sample."),
    ],
)
def test_how_a_model_ended_is_told_in_words(exit_code: int | None, words: str) -> None:
    error = ModelCrashed(exit_code)
    assert words in error.problem
    assert error.exit_code == exit_code
