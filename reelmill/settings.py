"""What differs between machines, and never between pipelines: `REELMILL_*` variables."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from reelmill.errors import UseError


class Settings(BaseSettings):
    """The settings of this machine, each with its default and its `REELMILL_` variable."""

    model_config = SettingsConfigDict(env_prefix="REELMILL_", extra="ignore", frozen=True)

    home: Path = Field(Path(".reelmill"), description="Where the ledger, the store and the local Prefect server live.")
    database_url: str = Field("", description="The ledger. Empty: SQLite in the home folder.")
    store_url: str = Field(
        "", description="Where media files live (any fsspec URL). Empty: a folder in the home folder."
    )
    sandbox: str = Field(
        "", description="The address of `reelmill sandbox`: every platform is rehearsed there. Empty: no."
    )
    ffmpeg: str = Field("", description="An ffmpeg binary. Empty: the one that imageio-ffmpeg ships.")
    encoder: Literal["auto", "software", "nvenc", "qsv", "vaapi", "videotoolbox"] = Field(
        "auto", description="Who encodes videos. auto: the machine's hardware where it works, else its processor."
    )
    effects_python: str = Field(
        "", description="A Python that has MoviePy, for effects. Empty: this one, or the one of `effects` in home."
    )
    prefect_port: int = Field(4200, ge=1, le=65535, description="First port to try for the local Prefect server.")
    prefect_host: str = Field(
        "127.0.0.1", description="Where the local Prefect server listens. Beyond this machine it needs a password."
    )
    workers: int = Field(0, ge=0, le=64, description="Videos finished at the same time. 0: one per core, at most 4.")
    screening_threads: int = Field(
        0, ge=0, le=64, description="Threads of screening, for all masters. 0: one per core, at most 4."
    )
    engine: str = Field("", description="What `engine: auto` means on this machine. Empty: the best that is available.")
    generation: Literal["auto", "inline", "pool"] = Field(
        "auto", description="Who renders: the run itself, or the gpu pool. auto: the pool, where a worker runs it."
    )
    video_api_url: str = Field("", description="The video server that the engine `video_api` renders on.")
    video_api_token: SecretStr = Field(SecretStr(""), description="Its bearer token. Empty: it wants none.")
    video_api_model: str = Field(
        "", description="The model that it serves, as `name` or `name@revision`. Empty: the server is asked."
    )
    video_api_shots: int = Field(4, ge=1, le=64, description="Shots that are ordered there at the same time.")
    engine_token: SecretStr = Field(
        SecretStr(""), description="What `reelmill engine serve` asks for. Empty: it serves this machine only."
    )
    models: str = Field("", description="Where models lie, each in a folder of its name. Empty: in the home folder.")
    wan_model: str = Field(
        "", description="The model of the engine `wan`, as `name` or `name@revision`. Empty: wan22-ti2v-5b."
    )
    wan_attention: str = Field("native", description="How the engine `wan` computes attention (diffusers' names).")
    wan_compile: Literal["auto", "never"] = Field(
        "auto", description="Whether the engine `wan` compiles its blocks once it is warm."
    )
    wan_quality: Literal["retry", "report"] = Field(
        "retry", description="What happens to a clip that is black, frozen or broken: one more seed, or only a note."
    )
    chunk_minutes: float = Field(
        10, gt=0, le=240, description="Minutes of rendering, by forecast, that the gpu pool gets as one piece."
    )
    assistants: int | None = Field(
        None, ge=0, le=16, description="Other workers that help with each run. Empty: all that are online."
    )
    project: str = Field("", description="The folder of pipelines.yaml on this machine. Empty: where it was deployed.")
    store_cache: str = Field("20GB", description="The most that local copies from a remote store may take.")
    web_host: str = Field("127.0.0.1", description="Where the web door listens.")
    web_port: int = Field(4300, ge=1, le=65535, description="First port to try for the web door.")
    web_url: str = Field("", description="The web door's public address. Empty: host and port.")
    signing_key: str = Field("", description="Signs links to files. Empty: a key of its own in the home folder.")
    gpu_price: float = Field(0.0, ge=0, description="What an hour of GPU costs, for reports. 0: not known.")
    currency: str = Field("USD", description="The currency of that price.")
    log_format: Literal["text", "json"] = Field("text", description="How workers and the web door write their logs.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What they write down.")
    fetch_private: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts (host:port, comma-separated) that the guarded client may reach although they are private.",
    )

    def __init__(self, **values: Any) -> None:
        # A comma list is what people write in an environment file; pydantic-settings would want JSON.
        listed = values.get("fetch_private", os.environ.get("REELMILL_FETCH_PRIVATE", ""))
        if isinstance(listed, str):
            values["fetch_private"] = tuple(part.strip() for part in listed.split(",") if part.strip())
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = "REELMILL_" + "_".join(str(part) for part in first["loc"]).upper()
            raise UseError(
                f"{name} is {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}",
                f"correct or unset {name}",
            ) from None

    @cached_property
    def folder(self) -> Path:
        """The home folder as an absolute path."""
        return self.home.expanduser().absolute()

    @property
    def ledger_url(self) -> str:
        return self.database_url or f"sqlite:///{self.folder / 'ledger.db'}"

    @property
    def store(self) -> str:
        return self.store_url or str(self.folder / "store")

    @property
    def models_folder(self) -> Path:
        """Where models lie, as an absolute path."""
        return Path(self.models).expanduser().absolute() if self.models else self.folder / "models"

    @property
    def scratch(self) -> Path:
        """Where files are made before they are whole: on the disk of the local store, so that a rename is atomic."""
        return self.folder / "scratch"

    @property
    def parallel(self) -> int:
        """How many videos are carried through the stages at the same time."""
        return self.workers or min(4, os.cpu_count() or 1)
