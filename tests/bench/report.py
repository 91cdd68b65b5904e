# SPDX-License-Identifier: BSD-3-Clause
"""What is printed, and whether goals are met."""
import workloads


def number(value):
    """Four digits that matter, or all of a large number."""
    if value is None:
        return '-'
    if value >= 1000:
        return f'{value:,.0f}'
    if value >= 100:
        return f'{value:.0f}'
    return f'{value:.1f}' if value >= 10 else f'{value:.2f}'


def of(result, name):
    """The median of a metric."""
    return result[name]['median'] if name in result else None


def table(rows, left=1):
    """Rows of text as columns; the first is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) if i < left else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append('  '.join(cells).rstrip())
    return '\n'.join(lines)


def workload(entry, peers):
    """One workload: a line for each target."""
    peers = [peer for peer in peers if peer in entry['results']]
    rows = [['target', 'IOPS', 'min-max', 'MB/s', 'p50 us', 'p99', 'p99.9',
             'CPU us/IO', 'CPU %', 'calls/IO', 'switches/IO', 'load %'] +
            ['x ' + peer for peer in peers]]
    for name, result in entry['results'].items():
        iops = result['iops']
        row = [name, number(iops['median']),
               f"{number(iops['min'])}-{number(iops['max'])}"]
        row += [number(of(result, metric)) for metric in
                ('mbps', 'p50', 'p99', 'p999', 'cpu_us')]
        row += [percent(of(result, 'cpu')), number(result.get('syscalls')),
                number(of(result, 'switches')),
                percent(of(result, 'load_cpu'))]
        for peer in peers:
            ratio = entry['ratios'].get(f'{name}/{peer}', {}).get('iops')
            row.append(number(ratio['median']) if ratio else '-')
        rows.append(row)
    return f"{entry['name']}\n{table(rows)}"


def percent(share):
    """Of one processor."""
    return '-' if share is None else f'{share * 100:.0f}'


def busy(entries):
    """Where the generator may be what was measured: it is to be good for
    twice as much."""
    return [f"{entry['name']}: {name} ({percent(of(result, 'load_cpu'))} %)"
            for entry in entries
            for name, result in entry['results'].items()
            if name != 'echo' and (of(result, 'load_cpu') or 0) > 0.5]


def idle(entries):
    """Sessions that do nothing."""
    rows = [['idle', 'sessions', 'CPU %', 'KiB/session', 'private']]
    for name, entry in entries.items():
        rows.append([name, str(entry['sessions']),
                     f"{entry['cpu_percent']:.1f}",
                     f"{entry['pss_per_session'] / 1024:.1f}",
                     f"{entry['private_per_session'] / 1024:.1f}"])
    return table(rows)


def goals(entries, idlers):
    """Each goal that was measured, with its ratio or number."""
    found = []
    by_name = {entry['name']: entry for entry in entries}
    for goal in workloads.GOALS:
        ratio = by_name.get(goal.workload, {}).get('ratios', {}).get(
            f'{goal.target}/{goal.peer}', {}).get('iops')
        if ratio:
            found.append({'workload': goal.workload, 'target': goal.target,
                          'peer': goal.peer, 'want': goal.want,
                          'got': ratio['median'], 'min': ratio['min'],
                          'max': ratio['max'],
                          'pass': ratio['median'] >= goal.want})
    for name, entry in idlers.items():
        if not name.startswith('scst-') or \
           entry['sessions'] != workloads.IDLE_SESSIONS:
            continue
        for what, want in (('cpu_percent', workloads.IDLE_CPU_PERCENT),
                           ('pss_per_session', workloads.IDLE_BYTES)):
            found.append({'workload': 'idle', 'target': name, 'peer': what,
                          'want': want, 'got': entry[what],
                          'pass': entry[what] <= want})
    return found


def goal_table(found):
    """The goals, and how many are met."""
    rows = [['workload', 'target', 'against', 'goal', 'got', 'min-max', '']]
    for goal in found:
        most = goal['workload'] == 'idle'
        spread = f"{goal['min']:.2f}-{goal['max']:.2f}" if 'min' in goal \
            else ''
        rows.append([goal['workload'], goal['target'], goal['peer'],
                     ('<= ' if most else '>= ') + number(goal['want']),
                     number(goal['got']), spread,
                     'pass' if goal['pass'] else 'MISS'])
    met = sum(goal['pass'] for goal in found)
    return f'{table(rows, 3)}\n{met} of {len(found)} goals met'
