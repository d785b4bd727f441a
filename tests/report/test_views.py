"""Every kind of document has a record to read it into and a view to show it with."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass

import pytest

from mlefit import report, results
from mlefit.errors import UsageError
from mlefit.report import ReportOptions

KINDS = [module.name for module in pkgutil.iter_modules(results.__path__)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_document_is_a_record_and_a_view_of_the_same_name(kind):
    module = importlib.import_module(f"mlefit.results.{kind}")
    assert is_dataclass(module.RECORD)
    assert [field.name for field in fields(module.RECORD)][:2] == ["schema", "mlefit_version"]
    assert f"mlefit/{kind}/1" == module.SCHEMA
    assert callable(importlib.import_module(f"mlefit.report.views.{kind}").view)


def test_a_table_that_a_document_has_not_is_refused_with_those_it_has(poisson_result):
    with pytest.raises(UsageError, match="mlefit/fit/1 has no table 'pathh'") as refused:
        report.render(poisson_result, ReportOptions(table="pathh"))
    assert list(refused.value.tries) == ["--table path"]
