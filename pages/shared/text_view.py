"""Document text on the screen: a small component that sets text as text, never as markup, with marks and buttons."""

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

import streamlit as st

CSS = """
.view { color: var(--st-text-color); font-family: var(--st-font); font-size: 0.95rem; line-height: 1.55; }
.scroll { overflow-y: auto; border: 1px solid var(--st-border-color); border-radius: 0.4rem; padding: 0.7rem 0.9rem; }
.block { margin: 0 0 0.55rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.block.statement { border-left: 3px solid var(--st-primary-color); padding: 0.1rem 0 0.1rem 0.75rem; }
.block.doubt { border-left-color: #d97706; }
.block.wrong { border-left-color: #dc2626; }
.block.quiet { opacity: 0.75; }
.mark { background: color-mix(in srgb, #facc15 45%, transparent); border-radius: 2px; }
.new { background: color-mix(in srgb, var(--st-primary-color) 18%, transparent); border-radius: 2px; }
.even { background: color-mix(in srgb, var(--st-primary-color) 13%, transparent); }
.odd { background: color-mix(in srgb, #b45309 13%, transparent); }
.both { background: repeating-linear-gradient(45deg,
  color-mix(in srgb, var(--st-primary-color) 30%, transparent) 0 5px, color-mix(in srgb, #b45309 30%, transparent) 5px 10px); }
.label { font-size: 0.72rem; font-weight: 600; opacity: 0.75; padding: 0 0.25rem; user-select: none; }
button { font: inherit; font-size: 0.78rem; line-height: 1.2; cursor: pointer; margin: 0 0 0 0.3rem; padding: 0.08rem 0.4rem;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: 0.4rem; white-space: normal; text-align: left; }
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); outline: none; }
.note { font-size: 0.78rem; opacity: 0.8; margin-left: 0.4rem; white-space: nowrap; }
.wrong .note, .doubt .note { white-space: normal; }
"""

JS = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let root = parentElement.querySelector('.view');
  if (!root) { root = document.createElement('div'); parentElement.appendChild(root); }
  root.className = 'view' + (data.height ? ' scroll' : '');
  root.style.maxHeight = data.height ? data.height + 'px' : '';
  root.replaceChildren();
  let first = null;
  for (const block of data.blocks) {
    const line = document.createElement('div');
    line.className = 'block ' + (block.look || '');
    for (const part of block.parts) {
      const span = document.createElement('span');
      span.className = part.look || '';
      span.textContent = part.text;
      if (part.hint) span.title = part.hint;
      if (part.look === 'mark' && !first) first = span;
      line.appendChild(span);
    }
    for (const button of block.buttons || []) {
      const element = document.createElement('button');
      element.type = 'button';
      element.textContent = button.label;
      element.title = button.hint || '';
      element.onclick = () => setTriggerValue('pressed', button.value);
      line.appendChild(element);
    }
    if (block.note) {
      const note = document.createElement('span');
      note.className = 'note';
      note.textContent = block.note;
      line.appendChild(note);
    }
    root.appendChild(line);
  }
  if (first && data.height) root.scrollTop = Math.max(0, first.offsetTop - root.offsetTop - data.height / 3);
}
"""


class Part(TypedDict, total=False):
    """A stretch of text with one look: "" mark new even odd both label."""

    text: str
    look: str
    hint: str


class Button(TypedDict, total=False):
    """A button behind a block; its value is what a press returns."""

    label: str
    value: str
    hint: str


class Block(TypedDict, total=False):
    """A paragraph: parts, then buttons, then a quiet note. Looks: "" statement doubt wrong quiet."""

    parts: Sequence[Part]
    buttons: Sequence[Button]
    look: str
    note: str


@st.cache_resource
def _component() -> Any:
    return st.components.v2.component("text_view", css=CSS, js=JS)


def text_view(blocks: Iterable[Block], key: str, height: int | None = None) -> str | None:
    """Draws the blocks, in a scrolling box where a height (in pixels) is given; returns the pressed button's value."""
    data = {"blocks": list(blocks), "height": height}
    result = _component()(data=data, key=key, on_pressed_change=lambda: None)
    return getattr(result, "pressed", None)


def plain(text: str) -> str:
    """Text as Markdown that shows just this text: every mark of Markdown's is escaped."""
    return "".join(f"\\{character}" if character in r"\`*_{}[]()#+-.!|<>~$:@&" else character for character in text)
