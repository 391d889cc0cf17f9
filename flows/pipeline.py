"""What a definition file may say, composed from the options of the stages. Each stage owns its keys."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from flows.budget_options import BudgetOptions
from flows.experiments.options import ExperimentOptions
from flows.footage import Footage
from flows.operation_options import POOL, ConcurrencyOptions, KeepOptions, NotifyOptions, WorkersOptions
from flows.publish_options import NAME, Publish
from flows.registered import Registered
from flows.schedule_options import ScheduleOptions, Zone
from flows.shot_options import MOST_SHOTS, ShotOptions
from flows.trigger_options import TriggerOptions
from tasks.assembly.options import AssembleOptions
from tasks.finishing.options import BrandOptions, CaptionOptions, Deliver, ProfileName
from tasks.finishing.profile_options import ProfileOptions
from tasks.finishing.sound.options import SoundOptions
from tasks.generation.options import GenerateOptions
from tasks.options import Options
from tasks.prompts.matrix import MatrixOptions
from tasks.prompts.options import PromptOptions
from tasks.publishing.base import Target
from tasks.screening.options import ScreenOptions
from tasks.sources.base import Source

Name = Annotated[str, StringConstraints(pattern=NAME)]


class Pipeline(Options):
    """One recipe: from a source of ideas to published videos."""

    schedule: ScheduleOptions | None = None
    """Run at set times."""

    on: TriggerOptions | None = None
    """Run when something happens. A pipeline with neither `schedule` nor `on` runs when it is asked to."""

    timezone: Zone | None = None
    """The time zone that says which date a run is for. Empty: the schedule's, or else UTC."""

    source: Annotated[Source, Registered("sources")]
    """Where the briefs come from: one video per brief and variant."""

    matrix: MatrixOptions | None = None
    """Variants of each brief."""

    prompt: PromptOptions
    """What is to be seen."""

    generate: GenerateOptions = GenerateOptions()
    """How clips are made."""

    shots: tuple[ShotOptions, ...] = Field((), strict=False, max_length=MOST_SHOTS)
    """Several shots instead of one, in order: what is other in each than `prompt` and `generate` say."""

    assemble: AssembleOptions = AssembleOptions()
    """How the shots become one master, and what effect it gets."""

    screen: ScreenOptions = ScreenOptions()
    """How strictly clips are screened before anybody sees them."""

    caption: CaptionOptions = CaptionOptions()
    """The words on the picture and beside it."""

    sound: SoundOptions | None = None
    """What is heard: a narration, music or both. Empty: a silent track."""

    deliver: Deliver
    """The platforms that each video is finished for."""

    publish: tuple[Publish, ...] = ()
    """The targets that finished videos are sent to. Empty: they stay in the store."""

    experiment: ExperimentOptions | None = None
    """Compares the values of one list of the matrix: shares them out evenly over accounts or times."""

    workers: WorkersOptions = WorkersOptions()
    """Where its work is done."""

    priority: Annotated[int, Field(ge=1, le=9)] = 5
    """With a `budget:`, what is left goes first to pipelines with the smaller number: 1 before 9."""

    concurrency: ConcurrencyOptions | None = None
    """How many of its runs may go on at once. Empty: one where a schedule starts it, any number otherwise."""

    tags: tuple[Annotated[str, StringConstraints(pattern=POOL)], ...] = Field((), strict=False)
    """Words that the dashboard can filter its runs by."""

    @property
    def footage(self) -> Footage:
        """How long its shots are, and how they follow each other."""
        return Footage(generate=self.generate, shots=self.shots, assemble=self.assemble)

    @property
    def filmed(self) -> tuple[tuple[PromptOptions, GenerateOptions], ...]:
        """What each shot shows, and how it is made."""
        shots = self.shots or (ShotOptions(),)
        return tuple((shot.prompt(self.prompt), shot.generate(self.generate)) for shot in shots)

    @property
    def target_names(self) -> tuple[str, ...]:
        """The targets that it publishes to."""
        return tuple(name for entry in self.publish for name in entry.to)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the run's logical date."""
        return ZoneInfo(self.timezone or (self.schedule.timezone if self.schedule else "UTC"))


class DefinitionFile(Options):
    """The definition of Reelmill's pipelines: `pipelines.yaml`."""

    version: Literal[1]
    """The version of this format."""

    brand: BrandOptions
    """Who speaks. Drawn on every rendition."""

    budget: BudgetOptions | None = None
    """What all pipelines together may use up."""

    keep: KeepOptions = KeepOptions()
    """How long media files are kept."""

    notify: NotifyOptions = NotifyOptions()
    """Who hears of failures."""

    profiles: dict[ProfileName, ProfileOptions] = Field(default_factory=dict)
    """Platforms of your own, and changes of those that Reelmill knows, by name."""

    targets: dict[Name, Annotated[Target, Registered("targets")]] = Field(default_factory=dict)
    """Accounts and places that renditions are published to, by a name of yours."""

    pipelines: Annotated[dict[Name, Pipeline], Field(min_length=1)]
    """The recipes, by a name of yours."""
