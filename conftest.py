"""A browser test that did not run has failed: Odoo skips it where it finds no browser, and nobody reads skips."""

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.skipped and not hasattr(report, "wasxfail") and _is_browser_test(item):
        report.outcome = "failed"
        report.longrepr = (
            f"A browser test must not be skipped: {call.excinfo.value if call.excinfo else 'no reason given'}"
        )


def _is_browser_test(item):
    from odoo.tests import HttpCase  # only once pytest-odoo has configured Odoo

    return bool(item.cls) and issubclass(item.cls, HttpCase)
