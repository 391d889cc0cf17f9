"""Readers of one large Merchant XML, each in a process of its own: items a second, and how far memory rises."""

from __future__ import annotations

import datetime as dt
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

MERCHANT = "{http://base.google.com/ns/1.0}"

_ITEM = """<item>
<g:id>tea-{number}</g:id>
<title><![CDATA[Celadon gaiwan no. {number} &amp; saucer 青瓷盖碗]]></title>
<description>&lt;p&gt;Hand thrown, &lt;b&gt;fired twice&lt;/b&gt;. Number {number} of the kiln. It holds 120 ml; the \
glaze is ice-crackle, and the foot is unglazed.&lt;/p&gt;</description>
<link>https://shop.example/tea-{number}?a=1&amp;b=2</link>
<g:image_link>https://cdn.shop.example/tea-{number}.jpg</g:image_link>
<g:additional_image_link>https://cdn.shop.example/tea-{number}-b.jpg</g:additional_image_link>
<g:additional_image_link>https://cdn.shop.example/tea-{number}-c.jpg</g:additional_image_link>
<g:price>{price}.00 CNY</g:price>
<g:sale_price>{price}.00 CNY</g:sale_price>
<g:availability>in stock</g:availability>
<g:condition>new</g:condition>
<g:brand>Shanye</g:brand>
<g:gtin>06901234{number:06d}</g:gtin>
<g:product_type>Tea &gt; Ware &gt; Gaiwan</g:product_type>
<g:google_product_category>2169</g:google_product_category>
<g:item_group_id>g{group}</g:item_group_id>
<g:color>celadon</g:color>
<g:shipping><g:country>CN</g:country><g:price>9 CNY</g:price></g:shipping>
</item>
"""


def write(path: Path, items: int) -> None:
    """A feed as shops publish it: about a kilobyte an item."""
    with path.open("w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n'
        )
        file.write("<channel>\n<title>Shop</title>\n")
        for number in range(items):
            file.write(_ITEM.format(number=number, price=number % 500 + 1, group=number // 4))
        file.write("</channel></rss>\n")


def rows(path: Path) -> int:
    """Ours: the texts of each item."""
    from tasks.sources.base import Occasion, SourceContext
    from tasks.sources.feeds import xml
    from tasks.sources.feeds.opening import opened

    with opened(path.name, SourceContext(Occasion(dt.date(2026, 11, 22), ZoneInfo("UTC")), path.parent)) as feed:
        return sum(1 for _ in xml.rows(feed))


def briefs(path: Path) -> int:
    """Ours: each item as a brief, cleaned, priced, its images checked."""
    from tasks.sources.base import Occasion, SourceContext
    from tasks.sources.product_feed import ProductFeed

    context = SourceContext(Occasion(dt.date(2026, 11, 22), ZoneInfo("UTC")), path.parent)
    return sum(1 for _ in ProductFeed(type="product_feed", url=path.name).briefs(context))


def lxml(path: Path) -> int:
    """The same texts by lxml, as its documentation reads large files."""
    from lxml import etree

    count = 0
    for _, item in etree.iterparse(str(path), tag="item"):
        texts: dict[str, list[str]] = {}
        for child in item:
            text = "".join(child.itertext()) if len(child) else child.text or ""
            if text := text.strip():
                texts.setdefault(child.tag.removeprefix(MERCHANT), []).append(text)
        count += bool(texts)
        item.clear()
        while item.getprevious() is not None:
            del item.getparent()[0]
    return count


def feedparser(path: Path) -> int:
    """The whole feed by feedparser."""
    import feedparser as library

    return len(library.parse(str(path)).entries)


READERS: dict[str, Callable[[Path], int]] = {
    "rows": rows,
    "briefs": briefs,
    "lxml": lxml,
    "feedparser": feedparser,
}


def measure(items: int, rounds: int) -> dict[str, float]:
    """Medians of several rounds in which the readers take turns."""
    sizes = {"small": max(items // 10, 1), "large": items}
    seconds: dict[tuple[str, str], list[float]] = {}
    memory: dict[tuple[str, str], float] = {}
    with TemporaryDirectory(prefix="reelmill-bench-") as folder:
        for size, count in sizes.items():
            write(Path(folder) / f"{size}.xml", count)
        for turn in range(rounds):
            for reader in READERS:
                for size, count in sizes.items():
                    if reader == "feedparser" and (size == "large" or turn):
                        continue  # it takes minutes and gigabytes
                    took, peak = _in_a_process(reader, Path(folder) / f"{size}.xml", count)
                    seconds.setdefault((reader, size), []).append(took)
                    memory[reader, size] = max(memory.get((reader, size), 0.0), peak)
    speed = {key: sizes[key[1]] / statistics.median(taken) for key, taken in seconds.items()}
    figures = {f"feed_{reader}_per_second": speed[reader, "large"] for reader in ("rows", "briefs", "lxml")}
    figures["feed_feedparser_per_second"] = speed["feedparser", "small"]
    figures["feed_rows_to_lxml_ratio"] = speed["rows", "large"] / speed["lxml", "large"]
    figures["feed_briefs_to_feedparser_ratio"] = speed["briefs", "large"] / speed["feedparser", "small"]
    for reader in ("rows", "briefs", "lxml"):
        figures[f"feed_{reader}_memory_mb"] = memory[reader, "large"]
        figures[f"feed_{reader}_memory_growth_mb"] = memory[reader, "large"] - memory[reader, "small"]
    figures["feed_feedparser_memory_of_a_tenth_mb"] = memory["feedparser", "small"]
    return figures


def _in_a_process(reader: str, path: Path, items: int) -> tuple[float, float]:
    """Seconds of processor time and the peak of memory in MB, of a process that reads the feed once."""
    done = subprocess.run([sys.executable, __file__, reader, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    count, took, peak = json.loads(done.stdout)
    assert count == items, f"{reader} found {count} of {items}"
    return float(took), float(peak)


def _peak() -> float:
    """The most memory that this process had, in MB. (`ru_maxrss` counts what its parent had before it, too.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    began = time.process_time()
    found = READERS[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps([found, time.process_time() - began, _peak()]))
