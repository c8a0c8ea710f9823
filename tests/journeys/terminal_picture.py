# SPDX-License-Identifier: Apache-2.0
"""Take docs/pages/terminal.png: what `counterfoil demo --auto` prints, drawn. Run by `just screenshots`."""

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

OUTPUT = Path(__file__).resolve().parents[2] / "docs" / "pages" / "terminal.png"
COLUMNS = 88


def main() -> None:
    """Run the demo, let Chromium draw its output."""
    command = [sys.executable, "-m", "counterfoil_service", "demo", "--auto"]
    environ = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
    printed = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(printed.rstrip()))
    # Rich's drawing names a web font; the machine's own monospace does, and nothing is fetched.
    svg = re.sub(r"@font-face\s*{[^}]*}", "", console.export_svg(title="counterfoil demo", theme=MONOKAI))
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(device_scale_factor=1.5)
        page.set_content(f"<style>body{{margin:0}}svg{{width:960px;display:block}}</style>{svg}")
        page.locator("svg").first.screenshot(path=str(OUTPUT), omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
