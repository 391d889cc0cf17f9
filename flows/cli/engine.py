"""`reelmill engine`: what draws with a model on this machine. Each command's module comes when it is called."""

from __future__ import annotations

from cyclopts import App

engine = App(name="engine", help="Look after the models that draw, and the machine that they draw on.")

engine.command(
    "flows.cli.engine_probe:probe", name="probe", help="Say which plan this machine gets for a model, and why."
)
engine.command("flows.cli.engine_fetch:fetch", name="fetch", help="Download a model and verify every file of it.")
engine.command("flows.cli.engine_bench:bench", name="bench", help="Measure a model on this machine.")
engine.command("flows.cli.engine_serve:serve", name="serve", help="Keep a model warm and serve it as a video API.")
