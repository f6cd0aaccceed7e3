"""The keyboard's place: when a dialog closes, the focus goes back to what opened it, also where that was drawn anew meanwhile."""

from typing import Any

import streamlit as st

JS = """
const CONTROLS = 'button, a[href], input, select, textarea, [tabindex]:not([tabindex="-1"])';
const DIALOG = '[role="dialog"]';
const TRIES = [0, 100, 400];  // Milliseconds: the page may be drawn anew once the dialog is closed.

function active() {
  let found = document.activeElement;
  while (found && found.shadowRoot && found.shadowRoot.activeElement) found = found.shadowRoot.activeElement;
  return found;
}

function controls(box) {
  const within = box.querySelectorAll(CONTROLS);
  if (within.length) return [...within];
  for (const one of box.querySelectorAll('*')) if (one.shadowRoot) return [...one.shadowRoot.querySelectorAll(CONTROLS)];
  return [];
}

function placeOf(element) {
  const root = element.getRootNode();
  const box = (root.host || element).closest('[class*="st-key-"]');
  const key = box && [...box.classList].find((name) => name.startsWith('st-key-'));
  return { element, key, at: box ? controls(box).indexOf(element) : -1 };
}

function found(place) {
  if (place.element.isConnected || !place.key) return place.element;
  const box = document.querySelector('.' + CSS.escape(place.key));
  return box && controls(box)[place.at];
}

function giveBack(place) {
  for (const wait of TRIES) {
    setTimeout(() => {
      const now = active();
      if (document.querySelector(DIALOG) || (now && now !== document.body && !now.shadowRoot)) return;
      const element = found(place);
      if (element) element.focus();
    }, wait);
  }
}

function watch() {
  let outside = null;
  let open = null;
  document.addEventListener('focusin', (event) => {
    const element = event.composedPath()[0];
    const dialog = event.composedPath().find((one) => one.matches && one.matches(DIALOG));
    if (!dialog) {
      if (!open) outside = placeOf(element);
      return;
    }
    if (open) return;
    open = dialog;
    const opener = outside;
    const observer = new MutationObserver(() => {
      if (dialog.isConnected) return;
      observer.disconnect();
      open = null;
      if (opener) giveBack(opener);
    });
    observer.observe(document.body, { childList: true, subtree: true });
  });
}

export default function () {
  if (document.keepsFocus) return;
  document.keepsFocus = true;
  watch();
}
"""


@st.cache_resource
def _component() -> Any:
    return st.components.v2.component("focus", js=JS)


def keep_focus() -> None:
    """Draws nothing; once in the browser, it watches every dialog."""
    _component()(key="focus")
