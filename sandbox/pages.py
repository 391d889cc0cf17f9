"""What a person sees of the sandbox in a browser: what became public, and each post on a page of its own."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from sandbox import conditions
from sandbox.platform import Platform, PublicPost

_STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d9dde3, #343a42); --dim: light-dark(#5c6672, #9aa4b0);
  --card: light-dark(#fff, #1d2126); --accent: light-dark(#0b5cad, #7db7f5); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 2rem 1.25rem 4rem; font: 16px/1.5 system-ui, sans-serif;
  background: light-dark(#f5f6f8, #14171a); color: light-dark(#1b2026, #e6e9ed); }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: 0 0 .5rem; } a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.dim { color: var(--dim); } .card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
table { width: 100%; border-collapse: collapse; }
td, th { padding: .55rem .8rem; text-align: left; vertical-align: top; }
th { font-weight: 500; color: var(--dim); font-size: .85rem; } tr + tr > * { border-top: 1px solid var(--line); }
td.post, dd, main.watch p { overflow-wrap: anywhere; } .card { overflow-x: auto; }
td.time, td.size { white-space: nowrap; font-variant-numeric: tabular-nums; color: var(--dim); }
.tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .5rem; font-size: .8rem; color: var(--dim);
  white-space: nowrap; }
.tag.bad { color: light-dark(#a3342c, #e88a80); border-color: currentColor; } .silent .tag { margin-right: .3rem; }
@media (max-width: 40rem) { td.time { white-space: normal; } :is(td, th):nth-child(n+4) { display: none; } }
pre.card { padding: .7rem .8rem; font-size: .85rem; } .gone { text-decoration: line-through; color: var(--dim); }
main.watch { display: flex; gap: 1.75rem; flex-wrap: wrap; margin-top: 1.25rem; }
video { width: 22rem; max-width: 100%; aspect-ratio: 9 / 16; background: #000; border-radius: .6rem; }
main.watch > div { flex: 1; min-width: 16rem; } dl { display: grid; grid-template-columns: max-content 1fr;
  gap: .25rem 1rem; margin: 1.25rem 0 0; } dt { color: var(--dim); } dd { margin: 0; }
"""
#: Characters of a text that the list shows.
_EXCERPT = 120


def _page(title: str, content: str) -> str:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return f"<!doctype html><html lang=en>{head}<title>{escape(title)}</title><style>{_STYLE}</style>{content}"


def watch_path(platform: Platform, post: PublicPost) -> str:
    return f"/{platform.name}/watch/{quote(post.id, safe='')}"


def index_page(platforms: Sequence[Platform]) -> str:
    """All posts, the newest first, and the platforms on which there is none."""
    rows, silent = [], []
    for platform in platforms:
        posts = platform.published
        twice = _twice(platform, posts)
        rows += [(post.at, _row(platform, post, twice=post.id in twice)) for post in posts]
        silent += [] if posts else [f"<span class=tag title='{escape(platform.base)}'>{escape(platform.name)}</span>"]
    rows.sort(key=lambda row: row[0], reverse=True)
    seen = "".join(row for _, row in rows)
    heads = "<tr><th>When (UTC)<th>Platform<th>Post<th>Account<th>Size"
    table = f"<div class=card><table>{heads}{seen}</table></div>" if rows else "<p class=dim>Nothing is public yet.</p>"
    rest = f"<h2>Nothing yet on</h2><p class=silent>{' '.join(silent)}</p>" if silent else ""
    intro = (
        "<p class=dim>What the public of simulated platforms has seen, also <a href=/published.json>as JSON</a>.</p>"
    )
    shown = f"<h2>Public posts: {len(rows)}</h2>{table}{rest}{_troubles(platforms)}"
    return _page("Sandbox", f"<h1>Sandbox</h1>{intro}{shown}")


def _troubles(platforms: Sequence[Platform]) -> str:
    """What is wrong now with each platform, and what may go wrong, with what to type."""
    rows = "".join(
        f"<tr><td>{escape(one.name)}{_held(one)}<td>{escape(', '.join(one.all_moments()))}"
        f"<td>{escape(', '.join(conditions.names_of(one)))}"
        for one in platforms
    )
    said = "".join(f"<dt>{name}<dd>{words}" for name, words in conditions.ALL.items())
    base = platforms[0].base if platforms else ""
    examples = [
        ('{"at": "publish", "handled": true, "drop": true}', "it happens, and its answer is lost"),
        ('{"expired": true}', "until it is false, or all is lifted"),
        ('{"passed": 3600}', "an hour, at once"),
    ]
    typed = "".join(f"curl {escape(base)}/_trouble --json '{escape(told)}'   # {why}\n" for told, why in examples)
    return (
        f"<h2>What may go wrong</h2><pre class=card>{typed}curl -X DELETE {escape(base)}/_trouble   # all is well</pre>"
        f"<div class=card><table><tr><th>Platform<th>At<th>Conditions{rows}</table></div><dl>{said}</dl>"
    )


def _held(platform: Platform) -> str:
    told = [f"{name}: {json.dumps(value)}" for name, value in conditions.held(platform).items()]
    told += [f"at {one.at}, {one.times} times" for one in platform.troubles.left]
    return "".join(f" <span class='tag bad'>{escape(one)}</span>" for one in told)


def _twice(platform: Platform, posts: list[PublicPost]) -> set[str]:
    """Posts whose very video an account shows more than once now: what a rehearsal is there to find out."""
    shown = [post for post in posts if post.id not in platform.taken_down]
    seen = Counter((post.account, post.sha256) for post in shown)
    return {post.id for post in shown if seen[post.account, post.sha256] > 1}


def _row(platform: Platform, post: PublicPost, *, twice: bool) -> str:
    words = " ".join(post.text.split()) or post.id
    words = words if len(words) <= _EXCERPT else words[: _EXCERPT - 1] + "…"
    gone = post.id in platform.taken_down
    link = f'<a href="{escape(watch_path(platform, post))}"{" class=gone" if gone else ""}>{escape(words)}</a>'
    tags = "".join(f" <span class=tag>{tag}</span>" for tag in _tags(post, gone=gone))
    tags += " <span class='tag bad'>posted twice</span>" if twice else ""
    return (
        f"<tr><td class=time>{_time(post.at)}<td>{escape(platform.name)}<td class=post>{link}{tags}"
        f"<td>{escape(post.account)}<td class=size>{_size(post.bytes)}"
    )


def watch_page(platform: Platform, post: PublicPost) -> str:
    """One post: its video, its words, and what the platform knows of it."""
    source = f"/{platform.name}/media/{quote(post.id, safe='')}.mp4"
    gone = post.id in platform.taken_down
    words = "".join(f"<p>{escape(line) or '&nbsp;'}" for line in post.text.splitlines())
    facts = {"Account": post.account, "Public since": f"{_time(post.at)} UTC", "Size": _size(post.bytes)}
    facts |= {"SHA-256": post.sha256, "Id": post.id, "Address": post.url}
    told = "".join(f"<dt>{name}<dd>{escape(value)}" for name, value in facts.items())
    tags = "".join(f"<span class=tag>{tag}</span> " for tag in _tags(post, gone=gone))
    video = f'<video src="{escape(source)}#t=0.1" controls preload=auto></video>' if platform.media(post.id) else ""
    head = f"<p><a href=/>← Sandbox</a></p><h1>{escape(platform.name)}</h1>"
    return _page(
        f"{platform.name}: {post.id}", f"{head}<main class=watch>{video}<div>{words}{tags}<dl>{told}</dl></div></main>"
    )


def _tags(post: PublicPost, *, gone: bool) -> list[str]:
    return [*(["AI"] if post.ai else []), *(["taken down"] if gone else [])]


def _time(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 100_000 else f"{number / 1e3:.1f} kB"
