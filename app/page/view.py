"""What the page shows, from top to bottom; everything computed is kept until the visitor chooses something else."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from app.page import bundles, examples, hearing, many, markup, pictures, words
from app.page.hearing import Heard
from ser.audio.reading import InvalidAudio
from ser.figures import recording_figures
from ser.serving import recognition
from ser.serving.recognition import LONGEST_UTTERANCE, Recognizer

TITLE = "Speech emotion recognition"
UPLOAD, RECORD, EXAMPLE = "Upload a file", "Record", "Try an example"
ROW = 35  # pixels, of a table
KEPT = 4  # recordings, and as many sets of pictures, for each visitor

Made = TypeVar("Made")


def show() -> None:
    """The whole page; whatever goes wrong is said in plain words here, and in full in the log."""
    st.set_page_config(page_title=TITLE, layout="wide", initial_sidebar_state="collapsed")
    st.html(markup.STYLE)
    try:
        _page()
    except Exception:  # of any kind: a visitor gets no traceback
        logging.getLogger(__name__).exception("the page failed")
        st.error(words.UNEXPECTED)


def _page() -> None:
    choices = bundles.choices()
    left, right = st.columns([2, 1], gap="medium", vertical_alignment="bottom")
    left.title(TITLE, anchor=False)
    left.write("How does a voice sound: neutral, happy, angry …? Recordings are heard on this server, and not stored.")
    name = right.selectbox("Model", list(choices), help="The built-in model, and those trained into the folder models.")
    folder = choices[name]
    model = _model(name)
    one, several, card = st.tabs(["One recording", "Many recordings", "Model card"])
    with card:
        _card(name, model)
    if model is None:
        for tab in (one, several):
            tab.write("Choose another model above.")
        return
    key = f"{folder}:{recognition.changed(folder)}"
    with one:
        _one(model, key)
    with several:
        many.show(model, key)


def _model(name: str) -> Recognizer | None:
    """The chosen model, or None, having said why."""
    folder = bundles.choices()[name]
    try:
        model = bundles.recognizer(folder, recognition.changed(folder))
    except (ValueError, OSError, ImportError, KeyError) as error:
        st.error(f"The model {name} cannot be read. Choose another one. In the words of the library: {error}")
        return None
    for warning in model.warnings:
        st.warning(f"{warning}.")
    return model


def _one(model: Recognizer, key: str) -> None:
    content = _content()
    if content is None:
        st.write(words.WHAT_YOU_GET)
        return
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    try:
        heard = kept("heard", f"{key}:{digest}", lambda: _listen(content, model))
        sound = kept("sound", digest, lambda: hearing.playable(content), n=1)
    except InvalidAudio as error:
        what, remedy = words.problem(error, content)
        st.error(f"**{what}** {remedy}")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _answer(heard, model)
    with right:
        st.audio(sound, format=hearing.media_type(sound), alt="The recording")
        dark = st.context.theme.type == "dark"  # drawing takes a second or two: the answer is there before
        drawn = kept("pictures", f"{key}:{digest}:{dark}", lambda: _pictures(heard, dark=dark))
        _picture(drawn, "Waveform", "how the pressure of the air swings", heard)
    if heard.timeline and heard.has_speech:
        _timeline(heard, model, drawn)
    st.subheader("Spectrum", anchor=False)
    if heard.duration > hearing.DRAWN:
        st.caption(f"Waveform and spectrum are of the first {hearing.DRAWN:.0f} s of {words.length(heard.duration)}.")
    upper, lower = st.columns(2, gap="medium"), st.columns(2, gap="medium")
    explained = {
        "Magnitude spectrum": "how strong each frequency is, on average over the recording",
        "Spectrogram": "how strong each frequency is over time, on a linear scale: only the strongest parts show",
        "Log-amplitude spectrogram": "the same in decibel, closer to how loudness is heard",
        "Mel spectrogram": "the same in 64 bands, as wide as the ear's; networks listen to this",
    }
    for column, (name, text) in zip((*upper, *lower), explained.items(), strict=True):
        with column:
            _picture(drawn, name, text, heard)


def _content() -> bytes | None:
    """Bytes of the recording that the visitor chose, or None."""
    ready = examples.examples()
    sources = [UPLOAD, RECORD, EXAMPLE] if ready else [UPLOAD, RECORD]
    source = st.radio("Where the recording comes from", sources, horizontal=True)
    if source == EXAMPLE:
        name = st.selectbox("Example", list(ready))
        st.caption(
            "These examples are **synthetic speech** from a speech synthesizer: nobody spoke, nobody felt anything."
            " They show how the page works. The built-in model learned from people: do not expect it to be right here."
        )
        return kept("example", name, ready[name])
    if source == RECORD:
        st.caption("Say a sentence or two. Browsers allow the microphone on https pages and on localhost only.")
        recording = st.audio_input("Record your voice", sample_rate=48_000)
        return recording.getvalue() if recording else None
    st.caption("WAV, FLAC, MP3, Ogg, Opus, AIFF, AU or CAF; 0.1 seconds to 30 minutes.")
    upload = st.file_uploader("Audio file")
    return upload.getvalue() if upload else None


def _listen(content: bytes, model: Recognizer) -> Heard:
    """Hear a recording behind a progress bar."""
    bar = st.progress(0.0, text="Listening …")
    try:
        return hearing.heard(
            content, model, lambda share: bar.progress(share, text=f"Listening … {share:.0%}") and None
        )
    finally:
        bar.empty()


def _answer(heard: Heard, model: Recognizer) -> None:
    prediction = heard.prediction
    if not heard.has_speech:
        st.html(markup.headline("Result", "No speech found", f"{words.length(heard.duration)} heard"))
        st.info(words.NO_SPEECH)
        return
    said = words.confidence(prediction["probabilities"])
    st.html(markup.headline("Most probable emotion", prediction["emotion"], said))
    st.html(markup.bars(prediction["probabilities"]))
    st.caption(f"{_extent(heard, model)} {words.ESTIMATE}")
    with st.expander("What this number means"):
        st.markdown(words.meaning(model.description, model.labels))


def _extent(heard: Heard, model: Recognizer) -> str:
    """What of the recording the answer is of."""
    if heard.duration > LONGEST_UTTERANCE:
        return f"Mean over the parts with speech in {words.length(heard.duration)}."
    if not model.whole and heard.duration > model.window:
        return f"Of the first {model.window:g} s of {words.length(heard.duration)}: the model hears no more at a time."
    return f"Of {words.length(heard.duration)}."


def _timeline(heard: Heard, model: Recognizer, drawn: dict[str, bytes]) -> None:
    st.subheader("Over time", anchor=False)
    st.caption(
        f"Windows of {model.window:g} s, one every {heard.hop:.3g} s. The stronger the colour, the more probable; the"
        " dot marks the most probable emotion. Grey is no speech."
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
        for one in heard.timeline
    ]
    number, per_cent = st.column_config.NumberColumn(format="%.1f"), st.column_config.NumberColumn(format="%.0f")
    right.dataframe(
        rows,
        hide_index=True,
        height=ROW * min(len(rows) + 1, 9) + 3,
        column_config={"from, s": number, "to, s": number, "confidence, %": per_cent},
        alt="Emotion of every window",
    )


def _pictures(heard: Heard, *, dark: bool) -> dict[str, bytes]:
    """PNG of everything that is drawn of a recording, by title."""
    with st.spinner("Drawing …"):
        analysis = recording_figures.spectra(heard.beginning, heard.sample_rate)
        figures = {"Waveform": pictures.waveform(heard.beginning, heard.sample_rate, dark=dark)}
        figures |= {name: pictures.spectrum(name, analysis, dark=dark) for name in recording_figures.SPECTRA}
        if heard.timeline:
            figures["Timeline"] = pictures.timeline(heard.timeline, dark=dark)
        return {title: pictures.png(figure) for title, figure in figures.items()}


def _picture(drawn: dict[str, bytes], title: str, text: str, heard: Heard) -> None:
    st.markdown(f"**{title}**")
    shown = min(heard.duration, hearing.DRAWN)
    st.image(drawn[title], width="stretch", alt=f"{title} of {words.length(shown)} of the recording: {text}")
    st.caption(f"{text[0].upper()}{text[1:]}.")


def _card(name: str, model: Recognizer | None) -> None:
    folder = bundles.choices()[name]
    if text := bundles.card(folder):
        st.markdown(text)
    elif model is not None:
        st.write("This model has no model card. This is what it says of itself:")
        facts = "\n".join(f"| {key} | {value} |" for key, value in bundles.facts(model).items())
        st.markdown(f"| | |\n|---|---|\n{facts}")


def kept(kind: str, key: str, make: Callable[[], Made], *, n: int = KEPT) -> Made:
    """What `make` gave for `key` the last time, of the last `n` of this visitor; made if there is none."""
    shelf: OrderedDict[str, Any] = st.session_state.setdefault(kind, OrderedDict())
    if key not in shelf:
        shelf[key] = make()
        while len(shelf) > n:
            shelf.popitem(last=False)
    shelf.move_to_end(key)
    made: Made = shelf[key]
    return made
