"""Tables for people and, as Markdown, for documents."""
import sys


def print_table(title, head, rows, markdown):
    """`head` names the columns; that of the first one, which is to the left, is the title."""
    cells = [[title, *head], *rows]
    if markdown:
        print("\n| " + " | ".join(cells[0]) + " |\n|---|" + "--:|" * len(head))
        for row in rows:
            print("| " + " | ".join(row) + " |")
    else:
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        print()
        for row in cells:
            print("  ".join([f"{row[0]:{widths[0]}}", *(f"{cell:>{width}}" for cell, width
                                                        in zip(row[1:], widths[1:]))]))
    sys.stdout.flush()


def times(value):
    """A ratio, as precisely as it can be meant."""
    return f"{value:.0f}x" if value >= 20 else f"{value:.1f}x" if value >= 2 else f"{value:.2f}x"
