"""The model under test: which files it is, its environment, its run, and what it predicts.

Everything that comes out of a commit or out of a process here is untrusted. This room gives it
no label, no key and no part of the workspace; what comes back is a digest and one prediction per
row, and on secret rows nothing else.
"""

from easeml_action.model.checkout import (
    DockerfileMissing,
    ModelFiles,
    ModelPathMissing,
    ScriptMissing,
    ScriptNotExecutable,
    read_model,
)
from easeml_action.model.history import accepted_before
from easeml_action.model.predictions import Predictions
from easeml_action.model.runner import ModelRunner, PreparedModel
from easeml_action.model.scope import Scope

__all__ = [
    "DockerfileMissing",
    "ModelFiles",
    "ModelPathMissing",
    "ModelRunner",
    "Predictions",
    "PreparedModel",
    "Scope",
    "ScriptMissing",
    "ScriptNotExecutable",
    "accepted_before",
    "read_model",
]
