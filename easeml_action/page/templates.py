"""The template engine of pages and pictures: whatever a template prints is escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_ENVIRONMENT = Environment(
    loader=PackageLoader("easeml_action", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: object) -> str:
    """Render a template of the package for HTML or SVG."""
    return _ENVIRONMENT.get_template(template).render(**values)


def render_part(template: str, **values: object) -> Markup:
    """Render a template whose text another template takes as it is."""
    return Markup(render(template, **values))  # noqa: S704  it was escaped as it was rendered
