"""A project for tests that run the whole line: small clips, one platform, a list for a source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Quick to make, and long enough for the platform that takes the shortest videos.
DEFINITION = """\
version: 1
brand: {{name: 山野茶事}}
targets:
  outbox: {{type: folder, path: outbox}}
pipelines:
  quick:
    timezone: Asia/Shanghai
    source: {source}
    prompt: {{subject: "{subject}", action: snow falls slowly, environment: a quiet valley, style: ink wash}}
    generate: {{engine: storyboard, seconds: 1, size: 256x448, fps: 12}}
    caption: {{title: "{title}", lines: [花雪随风不厌看]}}
    deliver: [douyin]
    publish: [outbox]
{more}"""

TWO_PROMPTS = "{type: list, items: [{prompt: a dark pine ridge, name: 小雪}, {prompt: plum blossoms, name: 大雪}]}"


@dataclass
class Project:
    """A folder with a definition, and the command as a person types it there."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def write(
        self,
        source: str = TWO_PROMPTS,
        *,
        subject: str = "{{ brief.prompt }}",
        title: str = "{{ brief.name }}",
        more: str = "",
    ) -> Path:
        """Write the definition and return its path."""
        path = self.folder / "pipelines.yaml"
        path.write_text(DEFINITION.format(source=source, subject=subject, title=title, more=more), encoding="utf-8")
        return path

    def call(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        timeout: float = 180,
    ) -> subprocess.CompletedProcess[str]:
        """Run `reelmill …` in the folder and return what it said."""
        return subprocess.run(
            [*prefix, *self.command(*arguments)],
            cwd=self.folder,
            env=self.variables(environment),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flows.cli.app", *arguments]

    def variables(self, environment: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REELMILL_")}
        return {**kept, "NO_COLOR": "1", "COLUMNS": "200", **self.environment, **(environment or {})}

    def json(self, *arguments: str, **options: Any) -> Any:
        """The JSON that a command prints; it must succeed."""
        done = self.call(*arguments, "--json", **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def posts(self) -> list[Path]:
        """The sidecars of everything in the outbox."""
        return sorted((self.folder / "outbox").rglob("*.json"))


def complain(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed command told a person, which is never a traceback."""
    told = done.stdout + done.stderr
    assert "Traceback" not in told, told
    return told
