# SPDX-License-Identifier: BSD-3-Clause
"""The plot: for each workload a bar of IOPS for each target, with the
spread of the rounds."""
from xml.sax.saxutils import escape

from report import number, of

WIDTH, LEFT, BAR = 960, 110, 420
LINE, HEAD = 20, 44
COLOURS = {'scst': '#2563a8', 'handler': '#7a3fa0', 'tgt': '#c2761b',
           'echo': '#888888'}
STYLE = ('text{font:13px sans-serif;fill:#222}.h{font-weight:bold}'
         '.s{font-size:11px;fill:#555}')


def text(x, y, words, style='', anchor='start'):
    """A line of text."""
    return (f'<text x="{x:.0f}" y="{y:.0f}" class="{style}" '
            f'text-anchor="{anchor}">{escape(words)}</text>')


def bar(y, name, result, scale):
    """One target."""
    iops = result['iops']
    colour = COLOURS.get(name.partition('-')[0], '#444444')
    low, high = (LEFT + iops[end] * scale for end in ('min', 'max'))
    middle = y + LINE / 2 - 2
    words = (f"{number(iops['median'])} IOPS, {number(of(result, 'mbps'))} "
             f"MB/s, p99 {number(of(result, 'p99'))} us, "
             f"CPU {number(of(result, 'cpu_us'))} us/IO")
    return [text(LEFT - 8, y + 13, name, anchor='end'),
            f'<rect x="{LEFT}" y="{y + 2:.0f}" height="{LINE - 6}" '
            f'width="{max(1, iops["median"] * scale):.1f}" fill="{colour}"/>',
            f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}'
            f'v8M{high:.1f} {middle - 4}v8" stroke="#000"/>',
            text(LEFT + BAR + 10, y + 13, words, 's')]


def draw(document):
    """The whole, as SVG."""
    entries = [entry for entry in document['workloads'] if entry['results']]
    settings, parts, y = document['settings'], [], HEAD
    for entry in entries:
        results = entry['results']
        scale = BAR / max(r['iops']['max'] for r in results.values())
        parts.append(text(8, y + 14, entry['name'], 'h'))
        y += LINE
        for name, result in results.items():
            parts += bar(y, name, result, scale)
            y += LINE
        y += LINE / 2
    machine = document['machine']
    head = [text(8, 18, f"scst-bench {document['date']}", 'h'),
            text(8, 34, f"{machine['cpu']}, Linux {machine['kernel']}; "
                 f"medians and spread of {settings['rounds']} rounds of "
                 f"{settings['seconds']} s", 's')]
    return '\n'.join(
        ['<?xml version="1.0" encoding="UTF-8"?>',
         f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
         f'height="{y:.0f}" viewBox="0 0 {WIDTH} {y:.0f}">',
         f'<style>{STYLE}</style>',
         '<rect width="100%" height="100%" fill="#fff"/>'] + head + parts +
        ['</svg>', ''])
