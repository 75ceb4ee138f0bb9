"""The page before there is a recording: its source, three examples to try, and the limits of the answer."""

import os

import streamlit as st

from app.page import examples, words

UPLOAD, RECORD, EXAMPLE = "Upload a file", "Record", "Try an example"
SOURCE, CHOSEN = "source of recordings", "chosen example"  # keys of the session
THREE = ("happy", "sad", "angry")
LIVE = "SER_LIVE_URL"  # environment variable: address of the live page of the service
LIVE_HERE = "http://127.0.0.1:8000/live"


def is_phone() -> bool:
    """True in the browser of a phone, whose visitors rather speak than upload."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


def sources(*, has_examples: bool) -> list[str]:
    """Sources of a recording, the usual one first."""
    first = [RECORD, UPLOAD] if is_phone() else [UPLOAD, RECORD]
    return [*first, EXAMPLE] if has_examples else first


def show() -> None:
    """Show examples to try, what the page does, and what it must not be used for."""
    ready = examples.examples()
    named = [(emotion, name) for emotion in THREE for name in ready if f"be {emotion}," in name]
    if named:
        st.markdown("**Three examples to try**")
        for column, (emotion, name) in zip(st.columns(3, gap="medium"), named, strict=False):
            column.button(f"A voice that is meant to be {emotion}", on_click=_try, args=(name,), width="stretch")
    does, must_not, live = st.columns(3, gap="medium")
    does.markdown(f"**The answer**\n\n{words.ANSWER}")
    must_not.markdown(f"**Limits of use**\n\n{words.ESTIMATE}")
    address = os.environ.get(LIVE, "")
    where = f"[Open the live page]({address})" if address else f"Start `make serve`, and open {LIVE_HERE}"
    live.markdown(f"**Live**\n\nThe live page shows the emotion of a voice every half second. {where}.")


def _try(name: str) -> None:
    st.session_state[SOURCE], st.session_state[CHOSEN] = EXAMPLE, name
