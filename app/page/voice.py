"""Adjustment of a model to a visitor: recordings of the same person, how much is neutral, and when not to answer.

Everything is kept in the session of the visitor alone.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.page import results, words
from ser.audio.invalid import InvalidAudio
from ser.serving import enrolment, inputs
from ser.serving.enrolment import Enrolment
from ser.serving.recognition import Recognizer

KEPT = "enrolment"
MOST = 50  # recordings
STEP = 5  # per cent
NEUTRAL = "neutral"
SHARE = "share of neutral"  # that the visitor chose


def show(model: Recognizer, key: str) -> tuple[Recognizer, str]:
    """Show the options; return the model as the visitor wants it, and the key of its results."""
    st.write(
        "The model does not know your voice, microphone and room. You can adapt it with recordings of the same person,"
        " without labels. The person should say different things in different moods. Two recordings help; ten are"
        " better. The recordings stay in this session. Your choices here apply to the answers of the other tabs."
    )
    uploads = st.file_uploader("Recordings of the same person", accept_multiple_files=True, key="voice")
    equal = round(100 / len(model.labels))
    neutral, prior = equal, {}
    if NEUTRAL in model.labels:
        kept = st.session_state.get(SHARE, equal)  # of another model, whose number of emotions may differ
        neutral = st.slider("Share of neutral speech, %", 0, 95, kept, help="By default, all shares are equal.")
        if neutral == equal:
            st.session_state.pop(SHARE, None)
        else:
            st.session_state[SHARE], prior = neutral, {NEUTRAL: neutral / 100}
    unsure = st.slider("Answer unsure below this confidence, %", 0, 100, 0, step=STEP)
    if (n_left := len(uploads) - MOST) > 0:
        more = f"{n_left} more {'is' if n_left == 1 else 'are'} left out"
        st.caption(f"Only the first {MOST} recordings are used; {more}.")
    found = _enrolment(model, uploads[:MOST], key) if uploads else None
    if found is not None:
        st.success(f"{found.protocol[0].upper()}{found.protocol[1:]}.")
    adjusted = model.adjusted(enrolment=found, prior=prior, unsure=unsure / 100)
    token = "" if found is None else hashlib.blake2b(found.token.encode(), digest_size=8).hexdigest()
    return adjusted, f"{key}:{token}:{neutral}:{unsure}"


def _enrolment(model: Recognizer, uploads: Sequence[UploadedFile], key: str) -> Enrolment | None:
    """Enrolment of the uploads, made once; the page names those that are left out."""
    name = f"{key}:{','.join(one.file_id for one in uploads)}"
    kept: Any = st.session_state.get(KEPT)
    if kept is None or kept[0] != name:
        with st.spinner("Listening …"):
            kept = name, *enrolled(model, [(one.name, one.getvalue()) for one in uploads])
        st.session_state[KEPT] = kept
    _, found, problems = kept
    for problem in problems:
        st.caption(words.escaped(problem))
    return found if isinstance(found, Enrolment) else None


def enrolled(model: Recognizer, recordings: Sequence[tuple[str, bytes]]) -> tuple[Enrolment | None, list[str]]:
    """Enrolment of files, by name and content, or None; and a sentence on each one that is left out."""
    made, problems = [], []
    try:
        for name, content in recordings:
            try:
                with inputs.opened(content, longest=results.LONGEST) as recording:
                    results.check_length(recording)
                    one = model.enrolment_of(recording)
            except InvalidAudio as error:
                problems.append(f"{name} is not used. {' '.join(words.problem(error))}")
                continue
            if one is None:
                problems.append(f"{name} is not used. It has no speech.")
            else:
                made.append(one)
        return (enrolment.merged(made) if made else None), problems
    except ValueError:  # the model has no centre
        return None, ["This model cannot be adapted to a person. Choose a built-in one, or export it anew."]
