"""A pull request of the key holder's."""

from github import Github
from github.Repository import Repository

from easeml_action.github.api import GitHub


def open_pull_request(github: GitHub, *, head: str, base: str, title: str, body: str) -> str:
    """Open a pull request from one branch of the repository to another; return its page.

    Raises
    ------
    GateError
        See :meth:`GitHub.ask`; the permission in question is ``pull-requests: write``.
    """
    owner = github.repository.partition("/")[0]

    def create(_: Github, repository: Repository) -> str:
        # Asked twice, GitHub refuses the second: an answer that got lost is looked up first.
        for pull in repository.get_pulls(state="open", head=f"{owner}:{head}", base=base):
            return str(pull.html_url)
        return str(repository.create_pull(base, head, title=title, body=body).html_url)

    return github.ask("open a pull request", "pull-requests: write", create)
