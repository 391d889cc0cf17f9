"""What a person needs to know to publish a package: the platform's limits, and a checklist in its language.

Xiaohongshu and WeChat Channels have no public way for a program to post a video. Their numbers are those that programs
use which drive the web pages (dreammis/social-auto-upload, AiToEarn), not the platforms' own word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reelmill.subtitles import Subtitles
from tasks.publishing.base import Delivery
from tasks.publishing.wording import caption_of, shortened, title_of

Platform = Literal["xiaohongshu", "wechat_channels", "other"]
#: What the person writes the address of the post into.
ANSWER = "published.txt"


@dataclass(frozen=True, slots=True)
class Guide:
    """How a person publishes on a platform."""

    name: str  #: as people there call it
    profiles: tuple[str, ...]  #: the renditions that suit it, best first
    shortest_title: int = 0  #: characters
    longest_title: int = 100
    longest_caption: int = 2000
    hashtags: int | None = None
    most_bytes: int | None = None
    most_seconds: int | None = None
    language: Literal["zh", "en"] = "zh"
    page: str = ""  #: where it is done
    declaration: str = ""  #: the words of the platform's AI declaration
    cover: str = ""

    def title(self, delivery: Delivery) -> str:
        """The title, in what the platform takes. One that is too short becomes the beginning of the caption."""
        title = title_of(delivery, self.longest_title)
        if len(title) >= self.shortest_title:
            return title
        line = delivery.text.caption.strip().partition("\n")[0]
        longer = shortened(line, self.longest_title)
        return longer if len(longer) >= self.shortest_title else title

    def caption(self, delivery: Delivery) -> str:
        """The text with the AI line and the topics."""
        return caption_of(delivery, self.longest_caption, hashtags=self.hashtags, disclose=True)

    def checklist(self, delivery: Delivery, title: str, *, account: str, rehearsal: bool) -> str:
        """The text of the checklist."""
        steps = _chinese(self, delivery, title, account) if self.language == "zh" else _english(delivery, account)
        head = [f"{self.name} 发布清单" if self.language == "zh" else "Checklist for publishing", ""]
        if rehearsal:
            head = ["演练，请勿发布。 / This is a rehearsal: do not publish it.", "", *head]
        numbered = [f"[ ] {number}. {step}" for number, step in enumerate(steps, 1)]
        return "\n".join([*head, *numbered, "", f"post: {delivery.post_id}", ""])


GUIDES: dict[Platform, Guide] = {
    "xiaohongshu": Guide(
        "小红书",
        ("xiaohongshu", "douyin"),
        longest_title=20,
        longest_caption=1000,
        hashtags=10,
        most_bytes=1_000_000_000,
        most_seconds=3600,
        page="https://creator.xiaohongshu.com",
        declaration="笔记含AI合成内容",
        cover="3:4",
    ),
    "wechat_channels": Guide(
        "微信视频号",
        ("wechat_channels", "douyin"),
        shortest_title=6,
        longest_title=16,
        longest_caption=1000,
        most_bytes=1_000_000_000,
        most_seconds=3600,
        page="https://channels.weixin.qq.com/platform/post/create",
        declaration="含AI生成内容",
    ),
    "other": Guide("", (), language="en"),
}


def _chinese(guide: Guide, delivery: Delivery, title: str, account: str) -> Sequence[str]:
    name = delivery.name
    short = len(title) < guide.shortest_title
    lengths = f"{guide.shortest_title}–{guide.longest_title}" if guide.shortest_title else f"最多 {guide.longest_title}"
    topics = f"，话题最多 {guide.hashtags} 个" if guide.hashtags is not None else ""
    spoken = [f"如果页面支持字幕文件，上传 {name}.srt"] if _is_to_be_added(delivery) else []
    return [
        f"打开 {guide.page}" + (f"，登录账号 {account}" if account else ""),
        f"上传视频 {name}.mp4",
        f"设置封面 {name}.jpg" + (f"（比例 {guide.cover}）" if guide.cover else ""),
        *spoken,
        f"粘贴标题 title.txt（{lengths} 字）" + (f"：现在只有 {len(title)} 字，请补足" if short else ""),
        f"粘贴正文 caption.txt（最多 {guide.longest_caption} 字{topics}；确认话题已被识别）",
        f"在声明中勾选「{guide.declaration}」",
        "播放一遍：画面中的 AI 标识清晰可见",
        "发布",
        f"把发布后的链接粘贴到本文件夹中的 {ANSWER} 并保存（或运行 reelmill reconcile {delivery.post_id} --live 链接）",
    ]


def _english(delivery: Delivery, account: str) -> Sequence[str]:
    name = delivery.name
    spoken = [f"add the subtitles {name}.srt, if the page takes such a file"] if _is_to_be_added(delivery) else []
    return [
        "open the page where the video is to be published" + (f", as {account}" if account else ""),
        f"upload the video {name}.mp4",
        f"set the cover {name}.jpg",
        *spoken,
        "paste the title from title.txt",
        "paste the text from caption.txt",
        "declare it as made by AI, if the platform asks",
        "play it once: the AI label in the picture can be read",
        "publish it",
        f"paste the link of the post into {ANSWER} here, or: reelmill reconcile {delivery.post_id} --live URL",
    ]


def _is_to_be_added(delivery: Delivery) -> bool:
    """Whether something is spoken that the picture does not show: nobody wants to read it twice."""
    found = Subtitles.of(delivery.rendition.record)
    return found is not None and not found.drawn
