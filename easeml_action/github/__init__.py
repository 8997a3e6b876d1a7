"""GitHub's side of a run: the event, the workflow's log and files, statuses, issues, texts.

Nothing here knows a label, a row or a key: the room is handed verdicts and public facts, and the
only estimates it ever renders are those of a test set that has retired.
"""

from easeml_action.github.api import GitHub
from easeml_action.github.errors import (
    ApiDown,
    BadToken,
    MissingPermission,
    NotGitHub,
    RateLimited,
    RequestRefused,
)
from easeml_action.github.event import (
    SUPPORTED_EVENTS,
    Change,
    MalformedEvent,
    NothingToJudge,
    UnsupportedEvent,
    read_event,
    read_payload,
)
from easeml_action.github.inspection import (
    Environment,
    default_permission,
    find_environment,
    has_environment_secret,
    has_secret,
    is_seen,
    keeps_history,
    required_checks,
    runs_actions,
    shares_secret,
)
from easeml_action.github.issues import Issues, TestSetIssue
from easeml_action.github.pulls import open_pull_request
from easeml_action.github.report import (
    DEPENDABOT_PROBLEM,
    DEPENDABOT_REMEDY,
    FORK_PROBLEM,
    FORK_REMEDY,
    PastVerdict,
    Report,
    Terms,
    left_text,
)
from easeml_action.github.statuses import (
    STATUS_PENDING,
    STATUS_RESERVED,
    STATUS_UNFINISHED,
    STATUS_UNFINISHED_STEP,
    SeenCommit,
    SeenStatus,
    Settlement,
    is_over,
    list_statuses,
    set_status,
    status_description,
    status_state,
)
from easeml_action.github.summary import (
    issue_title,
    render_closing,
    render_issue,
    render_mail,
    render_summary,
)
from easeml_action.github.workflow import RunnerFileUnwritable, Workflow

__all__ = [
    "DEPENDABOT_PROBLEM",
    "DEPENDABOT_REMEDY",
    "FORK_PROBLEM",
    "FORK_REMEDY",
    "STATUS_PENDING",
    "STATUS_RESERVED",
    "STATUS_UNFINISHED",
    "STATUS_UNFINISHED_STEP",
    "SUPPORTED_EVENTS",
    "ApiDown",
    "BadToken",
    "Change",
    "Environment",
    "GitHub",
    "Issues",
    "MalformedEvent",
    "MissingPermission",
    "NotGitHub",
    "NothingToJudge",
    "PastVerdict",
    "RateLimited",
    "Report",
    "RequestRefused",
    "RunnerFileUnwritable",
    "SeenCommit",
    "SeenStatus",
    "Settlement",
    "Terms",
    "TestSetIssue",
    "UnsupportedEvent",
    "Workflow",
    "default_permission",
    "find_environment",
    "has_environment_secret",
    "has_secret",
    "is_over",
    "is_seen",
    "issue_title",
    "keeps_history",
    "left_text",
    "list_statuses",
    "open_pull_request",
    "read_event",
    "read_payload",
    "render_closing",
    "render_issue",
    "render_mail",
    "render_summary",
    "required_checks",
    "runs_actions",
    "set_status",
    "shares_secret",
    "status_description",
    "status_state",
]
