"""Document text on the screen: a small component that sets text as text, never as markup, with marks and buttons."""

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

import streamlit as st

from rag.harmless import plain as plain

CSS = """
.view { color: var(--st-text-color); font-family: var(--st-font); font-size: 0.95rem; line-height: 1.55; }
.scroll { overflow-y: auto; border: 1px solid var(--st-border-color); border-radius: 0.4rem; padding: 0.7rem 0.9rem; }
.block { margin: 0 0 0.55rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.block.statement { border-left: 3px solid var(--st-primary-color); padding: 0.1rem 0 0.1rem 0.75rem; }
.block.doubt { border-left-color: #d97706; }
.block.wrong { border-left-color: #dc2626; }
.block.quiet { opacity: 0.75; }
.head { font-weight: 650; background: color-mix(in srgb, var(--st-primary-color) 15%, transparent); border-radius: 2px; }
.said { background: color-mix(in srgb, #7c3aed 13%, transparent);
  text-decoration: underline 1.5px #8b5cf6; text-underline-offset: 3px; }
.said.uncertain { text-decoration-style: wavy; text-decoration-thickness: 1px; }
.said.historical { text-decoration-style: dotted; }
.said.planned { text-decoration-style: dashed; }
.said.family { text-decoration-style: double; }
.date { background: color-mix(in srgb, #2563eb 16%, transparent); box-shadow: 0 2px 0 #3b82f6; }
.fact { --tint: #64748b; background: color-mix(in srgb, var(--tint) 20%, transparent); border-radius: 2px;
  box-shadow: inset 0 -2px 0 color-mix(in srgb, var(--tint) 55%, transparent); }
.fact.advice { --tint: #94a3b8; background: color-mix(in srgb, var(--tint) 14%, transparent); }
.fact.drug { --tint: #0d9488; }
.fact.value { --tint: #6366f1; }
.fact.time { --tint: #0284c7; }
.fact.body { --tint: #db2777; }
.fact.course { --tint: #ca8a04; }
.fact.person { --tint: #65a30d; }
.identifier { background: color-mix(in srgb, #dc2626 30%, transparent); border-radius: 2px; }
.instruction { background: color-mix(in srgb, #ea580c 32%, transparent); border-radius: 2px; }
.hidden { background: repeating-linear-gradient(45deg,
  color-mix(in srgb, #64748b 38%, transparent) 0 4px, color-mix(in srgb, #64748b 26%, transparent) 4px 8px); }
.low { background: color-mix(in srgb, #dc2626 11%, transparent); }
.mark { background: color-mix(in srgb, #facc15 45%, transparent); border-radius: 2px; }
.mark.instruction, .mark.hidden { background: color-mix(in srgb, #ea580c 55%, transparent); }
.own { outline: 1.5px solid currentColor; font-weight: 600; }
.new { background: color-mix(in srgb, var(--st-primary-color) 18%, transparent); border-radius: 2px; }
.gone { text-decoration: line-through; background: color-mix(in srgb, #dc2626 12%, transparent); border-radius: 2px; }
.matched { border-bottom: 2px solid var(--st-primary-color); }
.even { background: color-mix(in srgb, var(--st-primary-color) 13%, transparent); }
.odd { background: color-mix(in srgb, #b45309 13%, transparent); }
.both { background: repeating-linear-gradient(45deg,
  color-mix(in srgb, var(--st-primary-color) 30%, transparent) 0 5px, color-mix(in srgb, #b45309 30%, transparent) 5px 10px); }
.badge { display: inline-block; font-size: 0.75rem; font-weight: 600; margin-left: 0.4rem; padding: 0.05rem 0.45rem;
  border-radius: 0.6rem; background: color-mix(in srgb, #d97706 22%, transparent); }
.label { font-size: 0.72rem; font-weight: 600; opacity: 0.75; padding: 0 0.25rem; user-select: none; }
button { font: inherit; font-size: 0.78rem; line-height: 1.2; cursor: pointer; margin: 0 0 0 0.3rem; padding: 0.08rem 0.4rem;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: 0.4rem; white-space: normal; text-align: left; }
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); outline: none; }
.note { font-size: 0.78rem; opacity: 0.8; margin-left: 0.4rem; white-space: nowrap; }
.wrong .note, .doubt .note { white-space: normal; }
.warning { display: block; font-size: 0.82rem; margin-top: 0.15rem; padding: 0.05rem 0.4rem; border-radius: 0.25rem;
  background: color-mix(in srgb, #ea580c 18%, transparent); }
.tag { font-size: 0.72rem; font-weight: 600; margin-left: 0.45rem; padding: 0.05rem 0.4rem; border-radius: 0.6rem;
  white-space: nowrap; background: color-mix(in srgb, #64748b 18%, transparent); }
.tag.good { background: color-mix(in srgb, #16a34a 18%, transparent); }
.tag.open { background: color-mix(in srgb, #d97706 20%, transparent); }
.tag.bad { background: color-mix(in srgb, #dc2626 20%, transparent); }
.bear { border-bottom: 2px solid color-mix(in srgb, #16a34a 55%, transparent); }
.deny { background: color-mix(in srgb, #dc2626 22%, transparent); border-bottom: 2px solid #dc2626; border-radius: 2px; }
.quoted { font-weight: 600; }
button.spare { opacity: 0.65; border-style: dashed; }
button.bad { border-color: #dc2626; }
button.good { border-color: #16a34a; }
.block { position: relative; }
.passage { position: absolute; left: 0.75rem; right: 0; top: 100%; z-index: 30; max-height: 13rem; overflow-y: auto;
  padding: 0.5rem 0.7rem; font-size: 0.85rem; white-space: pre-wrap; background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: 0.4rem; box-shadow: 0 4px 14px rgb(0 0 0 / 22%); }
.title { font-size: 0.8rem; font-weight: 600; opacity: 0.85; margin: 0.7rem 0 0.1rem 0; }
.title:first-child { margin-top: 0; }
.legend { font-size: 0.8rem; line-height: 1.9; }
.gap { padding: 0 0.45rem; }
"""

JS = """
function written(parts, into) {
  for (const part of parts) {
    const span = document.createElement('span');
    span.className = part.look || '';
    span.textContent = part.text;
    if (part.hint) span.title = part.hint;
    into.appendChild(span);
  }
}

function showsPassage(button, parts, line, id) {
  const passage = document.createElement('div');
  passage.className = 'passage';
  passage.id = id;
  passage.setAttribute('role', 'tooltip');
  passage.hidden = true;
  written(parts, passage);
  line.appendChild(passage);
  button.setAttribute('aria-describedby', id);
  let leaving = 0;
  const show = () => { clearTimeout(leaving); passage.hidden = false; };
  const hide = () => { leaving = setTimeout(() => { passage.hidden = true; }, 150); };
  for (const element of [button, passage]) {
    element.addEventListener('mouseenter', show);
    element.addEventListener('mouseleave', hide);
  }
  button.addEventListener('focus', show);
  button.addEventListener('blur', hide);
  button.addEventListener('keydown', (event) => { if (event.key === 'Escape') passage.hidden = true; });
}

function selected(root) {
  const shadow = root.getRootNode();
  const selection = (shadow.getSelection ? shadow : document).getSelection();
  if (!selection || !selection.rangeCount) return null;
  const composed = !shadow.getSelection && selection.getComposedRanges;
  const range = composed ? selection.getComposedRanges({ shadowRoots: [shadow] })[0] : selection.getRangeAt(0);
  if (!root.contains(range.startContainer) || !root.contains(range.endContainer)) return null;
  const [start, end] = [[range.startContainer, range.startOffset], [range.endContainer, range.endOffset]].map(([node, at]) => {
    const before = document.createRange();
    before.setStart(root, 0);
    before.setEnd(node, at);
    return [...before.toString()].length;
  });
  return start < end ? [start, end] : null;
}

function watchSelection(root, setStateValue) {
  const tell = () => { const found = selected(root); if (found) setStateValue('selected', found); };
  root.addEventListener('mousedown', () => document.addEventListener('mouseup', () => setTimeout(tell), { once: true }));
  root.addEventListener('keyup', tell);
  root.tabIndex = 0;
}

export default function (component) {
  const { data, parentElement, setTriggerValue, setStateValue } = component;
  let root = parentElement.querySelector('.view');
  if (!root) {
    root = document.createElement('div');
    parentElement.appendChild(root);
    if (data.selectable) watchSelection(root, setStateValue);
  } else if (data.selectable && root.drawn === JSON.stringify(data)) {
    return;  // Drawn anew, what is selected would be lost.
  }
  root.drawn = JSON.stringify(data);
  root.className = 'view' + (data.height ? ' scroll' : '');
  root.style.maxHeight = data.height ? data.height + 'px' : '';
  const focused = [...root.querySelectorAll('button')].indexOf(root.getRootNode().activeElement);
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
      if (!first && (part.goal || span.classList.contains('mark'))) first = span;
      line.appendChild(span);
    }
    for (const button of block.buttons || []) {
      const element = document.createElement('button');
      element.type = 'button';
      element.textContent = button.label;
      element.className = button.look || '';
      element.onclick = () => setTriggerValue('pressed', button.value);
      line.appendChild(element);
      if (button.passage?.length) showsPassage(element, button.passage, line, `passage-${button.value}`);
      else element.title = button.hint || '';
    }
    if (block.note) {
      const note = document.createElement('span');
      note.className = 'note';
      note.textContent = block.note;
      line.appendChild(note);
    }
    if (block.warning) {
      const warning = document.createElement('span');
      warning.className = 'warning';
      warning.textContent = block.warning;
      line.appendChild(warning);
    }
    root.appendChild(line);
  }
  if (focused >= 0) root.querySelectorAll('button')[focused]?.focus({ preventScroll: true });
  if (first && data.height) root.scrollTop = Math.max(0, first.offsetTop - root.offsetTop - data.height / 3);
}
"""


class Part(TypedDict, total=False):
    """A stretch of text with its looks, and whether the box scrolls to it.

    Looks, several with blanks between: mark new gone matched even odd both label badge gap, own; tag (good, open, bad), bear and
    deny, for words that decide a verdict, quoted; those of a document's layers: head, date, said (with its status), fact (with
    its group), identifier, instruction, hidden, low.
    """

    text: str
    look: str
    hint: str
    goal: bool


class Button(TypedDict, total=False):
    """A button behind a block; its value is what a press returns. `passage` is shown while the pointer or focus is on it.

    Looks: "" spare bad good.
    """

    label: str
    value: str
    hint: str
    look: str
    passage: Sequence[Part]


class Block(TypedDict, total=False):
    """A paragraph: parts, then buttons, a quiet note, a warning. Looks: "" statement doubt wrong quiet title legend."""

    parts: Sequence[Part]
    buttons: Sequence[Button]
    look: str
    note: str
    warning: str


@st.cache_resource
def _component() -> Any:
    return st.components.v2.component("text_view", css=CSS, js=JS)


def text_view(blocks: Iterable[Block], key: str, height: int | None = None) -> str | None:
    """Draws the blocks, in a scrolling box where a height (in pixels) is given; returns the pressed button's value."""
    data = {"blocks": list(blocks), "height": height}
    result = _component()(data=data, key=key, on_pressed_change=lambda: None)
    return getattr(result, "pressed", None)


def selectable_text(parts: Sequence[Part], key: str, height: int) -> tuple[int, int] | None:
    """Draws a text in a scrolling box; returns which of its characters were selected last, from the first up to the last."""
    data = {"blocks": [{"parts": list(parts)}], "height": height, "selectable": True}
    found = getattr(_component()(data=data, key=key, on_selected_change=lambda: None), "selected", None)
    return (int(found[0]), int(found[1])) if found else None
