/* The two sets of signs. See glyphs.h. */
#include "glyphs.h"

static const glyphs sets[2] = {
    {
        .client = "▶",
        .server = "◀",
        .violation = "⚑",
        .guess = "≈",
        .gap = "~",
        .refused = "✗",
        .fine = "✓",
        .line = "─",
        .bar = "│",
        .pause = "┊",
        .corner = {"└", "┘"},
        .cut = "…",
        .dash = "–",
        .between = "→",
        .micro = "µ",
        .paused = "‖",
        .follow = "●",
        .rising = "▲",
        .falling = "▼",
        .dot = "·",
        .levels = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
        .eighths = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
    },
    {
        .client = ">",
        .server = "<",
        .violation = "!",
        .guess = "?",
        .gap = "~",
        .refused = "x",
        .fine = "+",
        .line = "-",
        .bar = "|",
        .pause = ":",
        .corner = {"+", "+"},
        .cut = ">",
        .dash = "-",
        .between = ">",
        .micro = "u",
        .paused = "=",
        .follow = "*",
        .rising = "^",
        .falling = "v",
        .dot = "-",
        .levels = {" ", ".", ".", ":", "-", "=", "+", "*", "#"},
        .eighths = {" ", " ", " ", " ", "#", "#", "#", "#", "#"},
    },
};

const glyphs *glyphs_get(bool ascii)
{
    return &sets[ascii];
}
