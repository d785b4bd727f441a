"""A command whose help shows its flags in groups, in plain text."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class Command(TyperCommand):
    """Groups options by the panel they were declared with."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind the name; what is needed has no braces, which only some Typers set."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece[1:-1] if piece.startswith("{") else piece for piece in pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then one section for each panel, in the order of the flags."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                panel = getattr(param, "rich_help_panel", None)
                usual = "Arguments" if param.param_type_name == "argument" else "Program"
                sections.setdefault(panel or usual, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
