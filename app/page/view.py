"""The page from top to bottom; results are kept in the session of each visitor."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from app.page import bundles, examples, exposure, many, markup, media, pictures, results, start, voice, words
from app.page.results import Result
from ser.audio.reading import InvalidAudio
from ser.core.wording import percent
from ser.figures import recordings
from ser.models import packaged
from ser.serving import recognition
from ser.serving.recognition import LONGEST_UTTERANCE, UNSURE, Recognizer

TITLE = "Speech emotion recognition"
ANYWAY = "anyway"  # key of the session: recordings without speech that are predicted anyway
ROW = 35  # pixels, height of a row of a table
KEPT = 4  # recordings and sets of pictures in the session of a visitor

Made = TypeVar("Made")


def show() -> None:
    """Show the whole page; errors are shown in plain words, and in full in the log."""
    st.set_page_config(page_title=TITLE, layout="wide", initial_sidebar_state="collapsed")
    st.html(markup.STYLE)
    exposure.limit()
    if refused := exposure.refusal():
        st.error(refused)
        return
    try:
        _page()
    except Exception:  # visitors must not see a traceback
        logging.getLogger(__name__).exception("the page failed")
        st.error(words.UNEXPECTED)


def _page() -> None:
    choices = bundles.choices()
    left, right = st.columns([2, 1], gap="medium", vertical_alignment="bottom")
    left.title(TITLE, anchor=False)
    left.write("How does a voice sound: neutral, happy, angry …? Recordings are analysed on this server, not stored.")
    name = right.selectbox(
        "Model",
        list(choices),
        format_func=lambda one: bundles.in_words(one, choices[one]),
        help="The built-in models, and trained ones in the folder models.",
    )
    folder = choices[name]
    model = _model(name)
    one, several, voice_tab, card = st.tabs(["One recording", "Many recordings", "Your own voice", "Model card"])
    with card:
        _card(name, model)
    if model is None:
        for tab in (one, several, voice_tab):
            tab.write("Choose another model above.")
        return
    with voice_tab:
        model, key = voice.show(model, f"{folder}:{recognition.changed(folder)}")
    with one:
        _one(model, key)
    with several:
        many.show(model, key)


def _model(name: str) -> Recognizer | None:
    """Chosen model; None, with an error on the page, if it cannot be read."""
    folder = bundles.choices()[name]
    try:
        model = bundles.recognizer(folder, recognition.changed(folder))
    except (ValueError, OSError, ImportError, KeyError) as error:
        st.error("The model cannot be read. Choose another one. The message of the library:")
        st.text(f"{name}: {error}")  # plain, because it may repeat what a file of a stranger contains
        return None
    for warning in model.warnings:
        st.warning(words.escaped(f"{warning}."))
    return model


def _one(model: Recognizer, key: str) -> None:
    content = _content()
    if content is None:
        start.show()
        return
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    anyway = digest in st.session_state.setdefault(ANYWAY, set())
    if anyway:
        key, model = f"{key}:anyway", replace(model, all_speech=True)
    try:
        result = kept("result", f"{key}:{digest}", lambda: _analysed(content, model))
        sound = kept("sound", digest, lambda: media.playable(content), n=1)
    except InvalidAudio as error:
        what, remedy = words.problem(error)
        st.error(f"**{what}** {remedy}")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        if anyway:
            st.warning(words.ANYWAY)
        _answer(result, model)
        if not result.has_speech:
            st.button("Predict anyway", on_click=st.session_state[ANYWAY].add, args=(digest,))
    with right:
        st.audio(sound, format=media.media_type(sound), alt="The recording")
        dark = st.context.theme.type == "dark"
        drawn = kept("pictures", f"{key}:{digest}:{dark}", lambda: _pictures(result, dark=dark))
        part = f", in its first {results.DRAWN:.0f} s" if result.duration > results.DRAWN else ""
        _picture(drawn, "Waveform", f"how loud the recording is over time{part}", result)
    for note in result.notes:
        st.caption(f"{note[0].upper()}{note[1:]}.")
    if result.timeline and result.has_speech:
        _timeline(result, model, drawn)
    _spectra(result, drawn)


def _spectra(result: Result, drawn: dict[str, bytes]) -> None:
    """Show the four spectra of a recording in two rows."""
    st.subheader("Spectrum", anchor=False)
    if result.duration > results.DRAWN:
        st.caption(f"The spectra are of the first {results.DRAWN:.0f} s of {words.length(result.duration)}.")
    upper, lower = st.columns(2, gap="medium"), st.columns(2, gap="medium")
    explained = {
        "Magnitude spectrum": "which frequencies are strong, averaged over the recording",
        "Spectrogram": "which frequencies are strong at each moment; on this scale only the loudest show",
        "Log-amplitude spectrogram": "the same in decibels, which is closer to how loud it sounds",
        "Mel spectrogram": "the same in 64 bands spaced as we hear pitch; neural networks use these",
    }
    for column, (name, text) in zip((*upper, *lower), explained.items(), strict=True):
        with column:
            _picture(drawn, name, text, result)


def _content() -> bytes | None:
    """Bytes of the chosen recording, or None."""
    ready = examples.examples()
    sources = start.sources(has_examples=bool(ready))
    source = st.radio("Where the recording comes from", sources, horizontal=True, key=start.SOURCE)
    if source == start.EXAMPLE:
        name = st.selectbox("Example", list(ready), key=start.CHOSEN)
        st.caption(
            "These examples are **synthetic speech** from a speech synthesizer: nobody spoke, nobody felt anything."
            " They show how the page works. The built-in models were trained on people, so they are often wrong here."
        )
        return kept("example", name, ready[name])
    if source == start.RECORD:
        st.caption("Say a sentence or two. Browsers allow the microphone on https pages and on localhost only.")
        recording = st.audio_input("Record your voice", sample_rate=48_000)
        return recording.getvalue() if recording else None
    st.caption(f"{words.formats()}; 0.1 seconds to 30 minutes.")
    upload = st.file_uploader("Audio file")
    return upload.getvalue() if upload else None


def _analysed(content: bytes, model: Recognizer) -> Result:
    """Result of a recording; a progress bar shows the analysis."""
    bar = st.progress(0.0, text="Analysing …")
    try:
        return results.result_of(
            content, model, lambda share: bar.progress(share, text=f"Analysing … {percent(share, digits=0)}%") and None
        )
    finally:
        bar.empty()


def _answer(result: Result, model: Recognizer) -> None:
    prediction = result.prediction
    if not result.has_speech:
        st.html(markup.headline("Result", "No speech found", f"In {words.length(result.duration)}"))
        st.info(words.NO_SPEECH)
        return
    said = words.confidence(prediction["probabilities"])
    title = "Result" if prediction["emotion"] == UNSURE else "Most probable emotion"
    st.html(markup.headline(title, prediction["emotion"], said))
    st.html(markup.bars(prediction["probabilities"], dark=st.context.theme.type == "dark"))
    protocol = f" {prediction['protocol'].capitalize()}." if "protocol" in prediction else ""
    st.caption(f"{_extent(result, model)}{protocol} {words.ESTIMATE}")
    with st.expander("Meaning of the confidence"):
        st.markdown(words.meaning(model.description, model.labels, note=model.note))


def _extent(result: Result, model: Recognizer) -> str:
    """Sentence that states the analysed part of the recording."""
    if result.duration > LONGEST_UTTERANCE:
        return f"The average of all parts with speech; {words.length(result.duration)} in all."
    if not model.whole and result.duration > model.window:
        return (
            f"Only the first {model.window:g} s of {words.length(result.duration)} were analysed: this model reads only"
            " so much."
        )
    return f"The whole recording was analysed ({words.length(result.duration)})."


def _timeline(result: Result, model: Recognizer, drawn: dict[str, bytes]) -> None:
    st.subheader("Over time", anchor=False)
    st.caption(
        f"Each column covers {model.window:g} s of sound, and the next one begins {result.hop:.3g} s later. A stronger"
        " colour is more probable; the dot marks the most probable emotion. Grey means no speech."
    )
    left, right = st.columns(2, gap="medium")
    left.image(
        drawn["Timeline"], width="stretch", alt="Probability of each emotion over time; the table has the numbers"
    )
    rows = [
        {
            "from, s": one["start"],
            "to, s": one["end"],
            "emotion": one["emotion"],
            "confidence, %": 100 * one["confidence"],
        }
        for one in result.timeline
    ]
    number, per_cent = st.column_config.NumberColumn(format="%.1f"), st.column_config.NumberColumn(format="%.0f")
    right.dataframe(
        rows,
        hide_index=True,
        height=ROW * min(len(rows) + 1, 9) + 3,
        column_config={"from, s": number, "to, s": number, "confidence, %": per_cent},
        alt="Emotion of every window",
    )


def _pictures(result: Result, *, dark: bool) -> dict[str, bytes]:
    """Title of each picture of a recording -> PNG."""
    with st.spinner("Drawing …"):
        analysis = recordings.spectra(result.beginning, result.sample_rate)
        figures = {"Waveform": pictures.waveform(result.beginning, result.sample_rate, dark=dark)}
        figures |= {name: pictures.spectrum(name, analysis, dark=dark) for name in recordings.SPECTRA}
        if result.timeline:
            figures["Timeline"] = pictures.timeline(result.timeline, dark=dark)
        return {title: pictures.png(figure) for title, figure in figures.items()}


def _picture(drawn: dict[str, bytes], title: str, text: str, result: Result) -> None:
    st.markdown(f"**{title}**")
    shown = min(result.duration, results.DRAWN)
    st.image(drawn[title], width="stretch", alt=f"{title} of {words.length(shown)} of the recording: {text}")
    st.caption(f"{text[0].upper()}{text[1:]}.")


def _card(name: str, model: Recognizer | None) -> None:
    folder = bundles.choices()[name]
    if text := bundles.card(folder):
        # Only the card of a built-in model has a layout. The markup of others could load pictures from elsewhere, or
        # look like a part of the page.
        (st.markdown if packaged.is_packaged(folder) else st.text)(text)
    elif model is not None:
        st.write("This model has no model card. Its description states:")
        st.text("\n".join(f"{key}: {value}" for key, value in bundles.facts(model).items()))


def kept(kind: str, key: str, make: Callable[[], Made], *, n: int = KEPT) -> Made:
    """Value of `make` for `key`, kept with the last `n` values of this kind in the visitor's session."""
    shelf: OrderedDict[str, Any] = st.session_state.setdefault(kind, OrderedDict())
    if key not in shelf:
        shelf[key] = make()
        while len(shelf) > n:
            shelf.popitem(last=False)
    shelf.move_to_end(key)
    made: Made = shelf[key]
    return made
