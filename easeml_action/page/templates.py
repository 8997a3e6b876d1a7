"""The template engine of pages and pictures: whatever a template prints is escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined

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
