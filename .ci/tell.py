"""A pytest plugin: what failed is told at once, so that a run that hangs later or is ended has said why."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Print the text of a failure when it is known, not at the end of the run."""
    if report.failed:
        print(f"\n-- {report.nodeid} failed ({report.when})\n{report.longreprtext}", flush=True)
