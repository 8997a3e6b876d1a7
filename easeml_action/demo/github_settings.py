"""What the owner of a repository sets on GitHub's pages, and how its REST API tells of it.

Pure: settings in, the bodies of answers out. None stands for what is not there.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


@dataclass
class Settings:
    """What is set.

    Parameters
    ----------
    secrets
        The names of the Actions secrets of the repository.
    shared_secrets
        The names of those that its organization lets it use.
    environments
        The kinds of protection rules that each environment has, by its name.
    environment_secrets
        The names of the secrets that each environment keeps.
    actions
        Whether Actions is enabled.
    permission
        What a workflow's token may do where the workflow does not say.
    required
        The statuses that rulesets require, by branch.
    kept
        The branches that rulesets keep from being rewritten or deleted.
    protections
        Classic branch protection, by branch.
    """

    secrets: set[str] = field(default_factory=set)
    shared_secrets: set[str] = field(default_factory=set)
    environments: dict[str, set[str]] = field(default_factory=dict)
    environment_secrets: dict[str, set[str]] = field(default_factory=dict)
    actions: bool = True
    permission: str = "read"
    required: dict[str, list[str]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    protections: dict[str, Json] = field(default_factory=dict)

    def show_secret(self, name: str) -> Json | None:
        """Tell of a secret of the repository."""
        return _secret(name) if name in self.secrets else None

    def show_environment_secret(self, environment: str, name: str) -> Json | None:
        """Tell of a secret that an environment keeps."""
        return _secret(name) if name in self.environment_secrets.get(environment, ()) else None

    def show_shared_secrets(self) -> list[Json]:
        """Tell of the secrets of the organization."""
        return [_secret(name) for name in sorted(self.shared_secrets)]

    def show_environment(self, name: str) -> Json | None:
        """Tell how an environment is protected."""
        kinds = self.environments.get(name)
        if kinds is None:
            return None
        rules = [
            {"id": number, "node_id": f"R{number}", "type": kind}
            for number, kind in enumerate(sorted(kinds), 1)
        ]
        policy = {"protected_branches": False, "custom_branch_policies": True}
        return {
            "id": 1,
            "node_id": "E1",
            "name": name,
            "url": "https://api.github.com",
            "html_url": "https://github.com",
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "protection_rules": rules,
            "deployment_branch_policy": policy if "branch_policy" in kinds else None,
        }

    def show_permissions(self) -> Json:
        """Tell whether Actions is enabled."""
        return {"enabled": self.actions}

    def show_workflow_permission(self) -> Json:
        """Tell what a workflow's token may do by default."""
        return {
            "default_workflow_permissions": self.permission,
            "can_approve_pull_request_reviews": False,
        }

    def show_rules(self, branch: str) -> list[Json]:
        """Tell of the rules that rulesets have for a branch."""
        checks = [{"context": name} for name in self.required.get(branch, ())]
        wanted = {"strict_required_status_checks_policy": False, "required_status_checks": checks}
        rules: list[Json] = []
        if checks:
            rules.append({"type": "required_status_checks", "parameters": wanted})
        if branch in self.kept:
            rules += [{"type": "deletion"}, {"type": "non_fast_forward"}]
        return rules

    def show_protection(self, branch: str) -> Json | None:
        """Tell of the classic protection of a branch."""
        return self.protections.get(branch)


def timestamp() -> str:
    """Return this moment, as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _secret(name: str) -> Json:
    return {"name": name, "created_at": timestamp(), "updated_at": timestamp()}
