# SPDX-License-Identifier: Apache-2.0
"""`just docs`: build site/ and look at every link of it."""

import sys

from docs_site.building import BuildFailedError, build
from docs_site.checking import problems_of
from docs_site.staging import ROOT, BrokenLinkError


def main() -> int:
    """0 when the site is built and every link of it leads somewhere."""
    output = ROOT / "site"
    try:
        count = build(output)
    except (BrokenLinkError, BuildFailedError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    problems = problems_of(output)
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    sys.stdout.write(f"{count} pages in {output.relative_to(ROOT)}/, {len(problems)} problems; open site/index.html\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
