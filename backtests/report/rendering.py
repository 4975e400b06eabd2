"""Pages made of the templates in `templates/`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from backtests.writing import numbers as formatting

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from backtests.report.blocks import Section


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup, escape

    environment = Environment(
        loader=PackageLoader("backtests.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("percent", "points", "number", "money", "count", "listed", "of_volume"):
        environment.filters[name] = getattr(formatting, name)

    def because(text: object, why: str) -> object:
        """Put the reason for a dash into its title, for the mouse and for screen readers."""
        if str(text) != formatting.DASH:
            return text
        return Markup(f'<abbr title="{escape(why)}">{formatting.DASH}</abbr>')  # nosec B704 # escaped

    environment.filters["because"] = because
    environment.filters["breakable"] = breakable
    return environment


def breakable(name: str) -> Markup:
    """Return a long name, or a sentence with such names, that may break before a setting."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([:,/])", r"\1<wbr>", str(escape(name))))  # nosec B704 # escaped


def render(template: str, **values: Any) -> str:
    """Return the page that the template makes of the values; a missing value is an error."""
    return _environment().get_template(template).render(**values)


def render_section(section: Section | None) -> str:
    """Return the HTML of one section alone; of no section, nothing."""
    return "" if section is None else render("section.html", section=section)
