"""Fails when a test was skipped for a reason that is not on the list: python skips.py REPORT.xml ALLOWED.txt"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def main(report: str, allowed_file: str) -> int:
    """Print each skip that is not allowed; the exit code is 1 when there is one."""
    rows = Path(allowed_file).read_text().splitlines()
    allowed = [row.strip() for row in rows if row.strip() and not row.startswith("#")]
    unexpected = []
    for case in ET.parse(report).iter("testcase"):
        for skipped in case.iter("skipped"):
            # of a module that was skipped whole, the reason stands in the text
            reason = f"{skipped.get('message', '')} {skipped.text or ''}"
            if not any(word in reason for word in allowed):
                unexpected.append(f"{case.get('classname')}::{case.get('name')}: {reason}")
    for row in unexpected:
        print("skipped without leave:", row)
    return 1 if unexpected else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
