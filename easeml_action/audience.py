"""Who hears of a run on GitHub: the commit, the job's page, the issues, and the key holder."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import SecretStr

from easeml_action.errors import GateError
from easeml_action.github import (
    STATUS_PENDING,
    Change,
    GitHub,
    Issues,
    MissingPermission,
    Report,
    SeenCommit,
    SeenStatus,
    Settlement,
    Workflow,
    is_over,
    issue_title,
    list_statuses,
    render_closing,
    render_issue,
    render_mail,
    render_summary,
    set_status,
    status_description,
    status_state,
)
from easeml_action.github.statuses import State
from easeml_action.mail import send_mail
from easeml_action.measured import MeasuredTestSet
from easeml_action.world import Retirement

T = TypeVar("T")

# shown when a verdict is on record and the commit status could not be set
RECORDED_UNSHOWN = "The verdict is recorded as step {step}: the next run shows it at no cost."


class StatusNotSet(GateError):
    """The commit status could not be settled; what the run has done all the same is said."""

    def __init__(self, cause: GateError, report: Report) -> None:
        done = report.price
        if report.verdict in {"pass", "fail", "recorded"}:
            done = RECORDED_UNSHOWN.format(step=report.step)
        super().__init__(cause.problem, f"{done} {cause.remedy}")


class GitHubAudience:
    """Speaks to everyone concerned; see :class:`easeml_action.world.Audience`.

    What fails to be said about issues and by mail is a warning: the verdict stands in the ledger
    by then. What fails to be said about the commit is an error.
    """

    def __init__(
        self,
        github: GitHub,
        workflow: Workflow,
        change: Change,
        run_url: str,
        smtp_url: SecretStr | None,
    ) -> None:
        self._github = github
        self._issues = Issues(github)
        self._workflow = workflow
        self._change = change
        self._run_url = run_url
        self._smtp_url = smtp_url
        self._failure: GateError | None = None

    def begin(self) -> None:
        """Set the commit status to pending."""
        try:
            self._set_status("pending", STATUS_PENDING)
        except GateError as error:
            self._failure = error
            raise

    def conclude(self, report: Report) -> None:
        """Write the outputs and the summary, and settle the status whatever comes of them.

        Raises
        ------
        StatusNotSet
            The status could not be set, now or at the beginning (it is not tried again then).
        """
        try:
            self._workflow.set_outputs(report.outputs)
            self._workflow.add_summary(render_summary(report))
        finally:
            failure = self._failure
            if failure is None:
                self._annotate(report)
                failure = self._settle(report)
            if failure is not None:
                raise StatusNotSet(failure, report)

    def mail(self, recipient: str, report: Report, *, passed: bool) -> None:
        """Send the verdict to the key holder."""
        if self._smtp_url is None:
            self._workflow.notice(
                "No smtp-url is given: the key holder reads the verdict with `easeml reveal`."
            )
            return
        subject, text = render_mail(report, repository=self._github.repository, passed=passed)
        smtp_url = self._smtp_url
        self._try(lambda: send_mail(smtp_url, to=recipient, subject=subject, text=text))

    def ask_for_test_set(self, retirement: Retirement) -> int | None:
        """Open the issue, or find the one that is open already."""
        body = render_issue(
            retirement.terms,
            repository=self._github.repository,
            test_set=retirement.test_set,
            path=retirement.path,
            sample=retirement.sample,
            history=retirement.history,
            rows_required=retirement.rows_required,
            periods=retirement.periods,
            remaining=retirement.remaining,
            default_branch=self._change.default_branch,
            mark=retirement.mark,
        )
        title = issue_title(retirement.test_set, retirement.remaining)
        return self._try(lambda: self._issues.open_once(retirement.test_set, title, body))

    def open_requests(self) -> dict[str, int]:
        """List our open issues."""
        listed = self._try(self._issues.list_open) or ()
        return {issue.test_set: issue.number for issue in listed}

    def close_request(self, number: int, measured: MeasuredTestSet) -> None:
        """Close an issue with the table of what its test set had measured."""
        comment = render_closing(measured)
        self._try(lambda: self._issues.close(number, comment))

    def look(self, commits: Sequence[str]) -> tuple[SeenCommit, ...]:
        """Read the statuses of commits."""
        return (self._try(lambda: list_statuses(self._github, commits)) or ()) if commits else ()

    def recall(self) -> tuple[str, ...]:
        """Read our issues, open or closed."""
        return self._try(self._issues.texts) or ()

    def is_over(self, status: SeenStatus) -> bool:
        """Ask GitHub about a run."""
        return self._try(lambda: is_over(self._github, status, datetime.now(UTC))) or False

    def settle(self, settlement: Settlement) -> None:
        """Set the status of another commit."""
        said = f"{settlement.commit[:12]}: {settlement.state}: {settlement.description}"
        self._workflow.say(f"Another run left its commit's status open. Settle {said}")
        self._try(
            lambda: set_status(
                self._github,
                settlement.commit,
                settlement.state,
                settlement.description,
                target_url=settlement.target_url or None,
            )
        )

    def _annotate(self, report: Report) -> None:
        if report.verdict == "error":
            said = f"{report.problem} {report.remedy} {report.price}"
            lines = [said, report.excerpt, f"More: {report.more}"]
            text = "\n".join(line for line in lines if line)
            self._workflow.error(text, title=report.headline)
        else:
            self._workflow.notice(f"{report.meaning} {report.advice}", title=report.headline)
        if report.left_undone:
            self._workflow.warning(report.left_undone)

    def _settle(self, report: Report) -> GateError | None:
        """Set the status to what the run has come to; return what kept it from that."""
        try:
            self._set_status(status_state(report), status_description(report))
        except GateError as error:
            return error
        return None

    def _set_status(self, state: State, description: str) -> None:
        try:
            set_status(self._github, self._change.new, state, description, target_url=self._run_url)
        except MissingPermission:
            # The token of a fork's pull request can only read; the log says what the status would.
            if not self._change.secrets_withheld:
                raise
            self._workflow.say(f"{state}: {description}")

    def _try(self, say: Callable[[], T]) -> T | None:
        try:
            return say()
        except GateError as error:
            self._workflow.warning(error.told)
            return None
