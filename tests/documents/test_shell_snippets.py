# SPDX-License-Identifier: Apache-2.0
"""What a document shows to be typed is typed by a test (`just snippets` runs most), or the document says why not."""

import re
import subprocess
from pathlib import Path

import pytest

from documents.typed_pages import ALONE, ON_POSTGRESQL, WITH_A_STORY, typed_alone
from support.documented import PAGES, ROOT, blocks, type_all
from support.processes import RunningService, free_port

TYPED = re.compile(r"^(?:\$ )?(?:counterfoil|pip|uv|curl|openssl|export|just|\./justw|python3?) ", re.MULTILINE)
SHORTEST_REASON = 15


def test_what_the_readme_shows_can_be_typed(tmp_path: Path) -> None:
    assert "desk-app" in typed_alone("README.md", tmp_path)


def test_every_shell_block_is_run_or_says_why_not() -> None:
    shown = {page for page in PAGES for block in blocks(page, "sh") if block.reason_not_to_run is None}
    assert shown == {*ALONE, *ON_POSTGRESQL, *WITH_A_STORY}
    every = [block for page in PAGES for block in blocks(page)]
    reasons = [block.reason_not_to_run for block in every if block.reason_not_to_run is not None]
    assert [reason for reason in reasons if len(reason) < SHORTEST_REASON] == []


def test_a_page_that_needs_a_story_has_one() -> None:
    for page, test in WITH_A_STORY.items():
        assert (Path(__file__).parent / test).is_file(), page


def test_what_is_typed_stands_in_a_block_of_its_language() -> None:
    hidden = [
        f"{block.page}:{block.line}"
        for page in PAGES
        for block in blocks(page, "", "text", "console", "bash", "shell")
        if TYPED.search(block.text) and "Usage: " not in block.text
    ]
    assert hidden == []


def test_every_recipe_that_is_named_is_there() -> None:
    recipes = set(
        re.findall(r"^([a-z][a-z-]*)(?: [^:\n]*)?:(?!=)", (ROOT / "justfile").read_text("utf-8"), re.MULTILINE)
    )
    assert {"docs", "test", "bench"} <= recipes
    for page in PAGES:
        named = set(re.findall(r"`(?:just|\./justw) ([a-z-]+)", (ROOT / page).read_text("utf-8")))
        assert named <= recipes, (page, named - recipes)


def test_configuration_that_is_shown_is_that_of_the_file_that_is_run() -> None:
    shown = [block for page in PAGES for block in blocks(page) if block.mark.startswith("from: ")]
    assert shown
    for block in shown:
        left = [line.strip() for line in (ROOT / block.mark.removeprefix("from: ")).read_text("utf-8").splitlines()]
        for line in block.text.splitlines():
            assert line.strip() in left, (block.page, line)
            left = left[left.index(line.strip()) + 1 :]


@pytest.mark.parametrize(
    "script", ["false\n", "false | true\n", 'echo "$UNSET"\n', "counterfoil applications show gone\n"]
)
def test_a_command_that_fails_is_seen(tmp_path: Path, script: str) -> None:
    with pytest.raises(AssertionError, match="---"):
        type_all(script, RunningService(tmp_path), free_port(), {}, {})


def test_nginx_takes_the_lines_that_are_shown(tmp_path: Path) -> None:
    shown = "\n".join(block.text for block in blocks("docs/how-to/reverse-proxy.md", "nginx"))
    server = f"upstream counterfoil {{ server 127.0.0.1:8080; }}\nserver {{ listen 127.0.0.1:8443;\n{shown} }}"
    config = tmp_path / "nginx.conf"
    text = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{ access_log off;\n{server} }}\n"
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        text = text.replace("http {", f"http {{ {name}_temp_path {tmp_path};", 1)
    config.write_text(text, "utf-8")
    command = ["nginx", "-t", "-p", str(tmp_path), "-c", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "test is successful" in done.stderr, done.stderr
