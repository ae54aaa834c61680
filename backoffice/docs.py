"""The generated texts: what stands between `<!-- kind:name -->` markers in Markdown files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from backoffice import flows, roles

Generator = Callable[[str], str]


def _flow(name: str) -> flows.Flow:
    return next(flow for flow in flows.all_flows() if flow.model_name == name)


def flow_table(name: str) -> str:
    return f"\n{_flow(name).markdown()}\n\n"


def flow_diagram(name: str) -> str:
    return f"```mermaid\n{_flow(name).mermaid()}\n```\n"


def roles_table(name: str) -> str:
    """Permission × role, ticks; permissions that only look are left out for brevity."""
    table = roles.table()
    names = sorted({p for permissions in table.values() for p in permissions})
    acts = [n for n in names if not n.partition(".")[2].startswith("view_")]
    lines = [
        "",
        f"| permission | {' | '.join(table)} |",
        f"|---|{'---|' * len(table)}",
        *(
            f"| `{n}` | {' | '.join('✓' if n in table[role] else '' for role in table)} |"
            for n in acts
        ),
    ]
    return "\n".join(lines) + "\n\n"


def sheet_table(name: str) -> str:
    """A sheet's columns: the printout of its resource."""
    from backoffice.imports.sheets import sheet

    lines = ["", "| column | meaning | example |", "|---|---|---|"]
    for column in sheet(name).columns().values():
        example = f"`{column.example}`" if column.example else ""
        lines.append(f"| `{column.column_name}` | {column.help_text} | {example} |")
    return "\n".join(lines) + "\n\n"


def systems_table(name: str) -> str:
    """What this project contains, and where each part lives; tests bear the same numbers."""
    path = Path(settings.BASE_DIR) / "tests" / "systems.json"
    systems = json.loads(path.read_text(encoding="utf-8"))
    lines = ["", "| # | system | home |", "|---|---|---|"]
    lines += [f"| {row} | {it['system']} | {it['home']} |" for row, it in systems.items()]
    return "\n".join(lines) + "\n\n"


GENERATORS: dict[str, Generator] = {
    "flow": flow_table,
    "diagram": flow_diagram,
    "roles": roles_table,
    "sheet": sheet_table,
    "systems": systems_table,
}


def register(kind: str) -> Callable[[Generator], Generator]:
    """Decorator: an app's own generated text."""

    def add(generator: Generator) -> Generator:
        GENERATORS[kind] = generator
        return generator

    return add


def generate(kind: str, name: str) -> str:
    """Return the text for a marker such as `<!-- flow:order -->`."""
    return GENERATORS[kind](name)
