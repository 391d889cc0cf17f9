"""What the pages of the review desk say, in each of their languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, get_args

from records.database import now

Language = Literal["en", "zh"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
#: What each language calls itself.
NAMES: Mapping[Language, str] = {"en": "English", "zh": "中文"}

PHRASES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "desk": "Review desk",
        "waiting": "{count} waiting",
        "just_now": "just now",
        "minutes_ago": "{count} min ago",
        "hours_ago": "{count} h ago",
        "days_ago": "{count} d ago",
        "nothing": "Nothing waits for you.",
        "nothing_more": "What is held for a person appears here.",
        "all": "all",
        "pipelines": "Pipelines",
        "choose": "Choose {title}",
        "choose_all": "choose all on this page",
        "chosen": "With those that are chosen",
        "note": "Note",
        "note_hint": "Why, for whoever looks later",
        "approve": "Approve",
        "reject": "Reject",
        "regenerate": "Regenerate",
        "approve_means": "It goes on, with the words below if you change them.",
        "reject_means": "It ends, and is never published.",
        "regenerate_means": "It is made again with another seed, and screened again.",
        "approved": "approved",
        "rejected": "rejected",
        "regenerated": "sent back",
        "texts": "texts",
        "frames": "pictures",
        "deadline": "rejected by itself",
        "earlier": "earlier",
        "later": "more",
        "last": "Last decisions",
        "none_yet": "Nobody has decided anything yet.",
        "who": "who",
        "what": "what",
        "when": "when",
        "video": "video",
        "queue": "the queue",
        "position": "{place} of {count}",
        "previous": "previous",
        "next": "next",
        "run": "the whole run",
        "watch": "its page",
        "evidence": "Evidence",
        "evidence_hint": "Choose one, and the player jumps there.",
        "blurred": "the frame, blurred",
        "end_photo": "Photo of the end card",
        "no_evidence": "No moment is named; the reasons say why.",
        "why": "Why it waits",
        "level": "alone it would mean",
        "pass": "pass",
        "review": "review",
        "block": "block",
        "whole_text": "about the text as a whole",
        "no_picture": "It has no picture yet: its texts are decided about first.",
        "gone": "Its file is gone. Regenerate it, or reject it.",
        "words": "Words",
        "words_hint": "Changed words are screened when you approve, and are on the picture when it is finished.",
        "title": "Title",
        "lines": "Lines on the picture, one a line",
        "caption": "Caption",
        "hashtags": "Hashtags",
        "prompt": "Prompt",
        "proofs": "How it is going to look",
        "proofs_hint": "Drawn with the words above, for each platform. Subtitles follow the voice and come later.",
        "earlier_version": "Finished earlier",
        "history": "Decided about this video",
        "keys": "Keys",
        "key_evidence": "evidence",
        "key_step": "previous, next evidence",
        "key_play": "play, pause",
        "key_move": "next, previous",
        "key_choose": "choose",
        "key_open": "open",
        "key_help": "these keys",
        "close": "Close",
        "read_only": "Your token may look, not decide.",
        "log_out": "Log out",
        "decided_one": "{what}: {title}",
        "decided_many": "{what}: {count} videos",
        "run_closed": "{run} has ended.",
        "run_underway": "{run} is under way and takes it up.",
        "run_started": "{run} goes on, on the next free worker.",
        "run_later": "{run} goes on as soon as the server answers.",
        "run_here": "{run} goes on now, on this machine.",
        "not_decided": "Not decided: {reason} – {instruction}",
        "old_form": "The page was too old. It is fresh now: try once more.",
        "unknown": "There is no such video.",
        "choose_one": "Choose a video first.",
        "saw": "{category}: {detector} saw {label} {when}, at most {score} ({level})",
        "at": "at {first} s",
        "between": "from {first} s to {last} s",
        "on_photo": "on the photo of the end card",
        "said": "{field}: {category}: {terms} ({level})",
        "agree": "{one} and {other} agree on {category} at {seconds} s",
        "sampled": "it passes, and is one of those that a person looks at all the same",
        "black": "mostly black: {count} of {of} frames",
        "frozen": "mostly frozen: {count} of {of} frames equal the one before",
        "single": "a single frame: nothing moves",
        "narration": "narration",
        "cards": "cards",
        "login": "Log in",
        "login_token": "A token with the scope “read” or “review”",
        "login_hint": "Make one with {make}; {scope} lets one decide about videos that wait.",
        "login_often": "Too many attempts. Try again in a minute.",
        "login_old": "The form was too old. Try once more.",
        "login_unknown": "That is no token of this door, or it has ended.",
        "login_scope": "That token has no scope “read” or “review”.",
    },
    "zh": {
        "desk": "审核台",
        "waiting": "{count} 个视频等待审核",
        "just_now": "刚刚",
        "minutes_ago": "{count} 分钟前",
        "hours_ago": "{count} 小时前",
        "days_ago": "{count} 天前",
        "nothing": "没有等待审核的视频。",
        "nothing_more": "需要人工判断的视频会出现在这里。",
        "all": "全部",
        "pipelines": "流水线",
        "choose": "选择 {title}",
        "choose_all": "选择本页全部",
        "chosen": "对选中的视频",
        "note": "备注",
        "note_hint": "原因，供以后查看的人参考",
        "approve": "通过",
        "reject": "拒绝",
        "regenerate": "重新生成",
        "approve_means": "继续制作；若修改了下面的文字，则使用新文字。",
        "reject_means": "到此为止，永不发布。",
        "regenerate_means": "换一个种子重新生成，并再次审查。",
        "approved": "已通过",
        "rejected": "已拒绝",
        "regenerated": "已退回重做",
        "texts": "文字",
        "frames": "画面",
        "deadline": "到期自动拒绝",
        "earlier": "上一页",
        "later": "下一页",
        "last": "最近的决定",
        "none_yet": "还没有人做过决定。",
        "who": "谁",
        "what": "决定",
        "when": "时间",
        "video": "视频",
        "queue": "队列",
        "position": "第 {place} 个，共 {count} 个",
        "previous": "上一个",
        "next": "下一个",
        "run": "整批运行",
        "watch": "视频页面",
        "evidence": "证据",
        "evidence_hint": "点选一条，播放器跳到那一刻。",
        "blurred": "该帧（已模糊）",
        "end_photo": "片尾图片",
        "no_evidence": "没有具体时刻；原因见上。",
        "why": "为何等待",
        "level": "单凭这一条会判为",
        "pass": "通过",
        "review": "待审",
        "block": "拦截",
        "whole_text": "针对整段文字",
        "no_picture": "还没有画面：先审核文字。",
        "gone": "文件已不在。请重新生成或拒绝。",
        "words": "文字",
        "words_hint": "修改后的文字在通过时会再次审查，并用于成片。",
        "title": "标题",
        "lines": "画面文字，每行一句",
        "caption": "正文",
        "hashtags": "话题标签",
        "prompt": "提示词",
        "proofs": "成片预览",
        "proofs_hint": "按上面的文字为各平台绘制。字幕随配音生成，此处不显示。",
        "earlier_version": "之前的成片",
        "history": "关于此视频的决定",
        "keys": "快捷键",
        "key_evidence": "第几条证据",
        "key_step": "上一条、下一条证据",
        "key_play": "播放、暂停",
        "key_move": "下一个、上一个",
        "key_choose": "选择",
        "key_open": "打开",
        "key_help": "显示快捷键",
        "close": "关闭",
        "read_only": "你的令牌只能查看，不能做决定。",
        "log_out": "退出",
        "decided_one": "{what}：{title}",
        "decided_many": "{what}：{count} 个视频",
        "run_closed": "{run} 已结束。",
        "run_underway": "{run} 正在运行，会接着处理。",
        "run_started": "{run} 将在下一个空闲的工作进程上继续。",
        "run_later": "{run} 会在服务器恢复后继续。",
        "run_here": "{run} 现在就在这台机器上继续。",
        "not_decided": "未能决定：{reason}（{instruction}）",
        "old_form": "页面已过期，现已刷新：请再试一次。",
        "unknown": "没有这个视频。",
        "choose_one": "请先选择视频。",
        "saw": "{category}：{detector} {when}看到 {label}，最高 {score}（{level}）",
        "at": "在 {first} 秒",
        "between": "在 {first} 至 {last} 秒",
        "on_photo": "在片尾图片中",
        "said": "{field}：{category}：{terms}（{level}）",
        "agree": "{one} 与 {other} 在 {seconds} 秒一致认为涉及{category}",
        "sampled": "已通过，被抽中由人工复核",
        "black": "大部分为黑屏：{of} 帧中有 {count} 帧",
        "frozen": "大部分画面静止：{of} 帧中有 {count} 帧与前一帧相同",
        "single": "只有一帧：没有动作",
        "narration": "旁白",
        "cards": "字幕卡",
        "login": "登录",
        "login_token": "具有 “read” 或 “review” 权限的令牌",
        "login_hint": "用 {make} 创建；{scope} 可对等待审核的视频做决定。",
        "login_often": "尝试次数过多，请一分钟后再试。",
        "login_old": "表单已过期，请再试一次。",
        "login_unknown": "不是这里的令牌，或已失效。",
        "login_scope": "该令牌没有 “read” 或 “review” 权限。",
    },
}

#: What categories that ship are called on a page that is not English. Your own keep their names.
CATEGORIES: Mapping[str, str] = {
    "sexual": "色情", "minors": "未成年人", "violence": "暴力", "weapons": "武器", "drugs": "毒品", "gambling": "赌博",
    "hate": "仇恨", "politics": "政治", "medical": "医疗宣称", "absolutes": "绝对化用语", "competitors": "竞品",
    "trademarks": "商标", "blocked": "禁用词", "faces": "人脸",
}  # fmt: skip


def category(name: str, language: Language) -> str:
    """What a category of screening is called."""
    return CATEGORIES.get(name, name) if language == "zh" else name


def ago(moment: dt.datetime, language: Language) -> str:
    """How long something is past."""
    seconds = (now() - moment).total_seconds()
    for size, phrase in ((86400, "days_ago"), (3600, "hours_ago"), (60, "minutes_ago")):
        if seconds >= size:
            return PHRASES[language][phrase].format(count=int(seconds // size))
    return PHRASES[language]["just_now"]


def language_of(wanted: str | None, accepted: str) -> Language:
    """The language of a page.

    Parameters
    ----------
    wanted:
        What the address asks for.
    accepted:
        The header `Accept-Language` (RFC 9110, section 12.5.4). The best one that we speak counts.
    """
    for language in LANGUAGES:
        if wanted == language:
            return language
    ranked: list[tuple[float, Language]] = []
    for part in accepted.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        spoken = tag.strip().lower().split("-")[0]
        ranked += [(_weight(weight), language) for language in LANGUAGES if language == spoken]
    best = max((weight for weight, _ in ranked), default=0.0)
    return next((language for weight, language in ranked if weight == best), "en") if best > 0 else "en"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
