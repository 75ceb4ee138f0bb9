"""Table of many recordings, one row for each, with its prediction or its problem, also as csv."""

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.page import results, start, words
from ser.audio.reading import InvalidAudio
from ser.core.wording import cell, counted
from ser.serving.recognition import Recognizer

N_NAMED = 5  # unusable files that are also named above the table, because their column is out of view on a phone


def show(model: Recognizer, key: str) -> None:
    """Show uploader, table and download."""
    st.caption("Choose several files at once. If a file cannot be used, its row states the reason.")
    uploads = st.file_uploader("Audio files", accept_multiple_files=True)
    if not uploads:
        return
    table = table_of(_rows({upload.file_id: upload for upload in uploads}, model, key), model.labels)
    n_bad = int((table["problem"] != "").sum())
    st.write(f"{len(table) - n_bad} of {counted(len(table), 'file')} could be used.")
    for name, problem in table.loc[table["problem"] != "", ["file", "problem"]].head(N_NAMED).itertuples(index=False):
        st.caption(f"`{name.replace('`', '')}`: {problem}")
    _shown(table, model.labels)
    st.download_button("Download as csv", csv(table), file_name="emotions.csv", mime="text/csv", on_click="ignore")
    if model.enrolment is not None:
        st.caption(f"{model.enrolment.protocol.capitalize()}.")
    st.caption(words.ESTIMATE)


def row(content: bytes, model: Recognizer) -> dict[str, Any]:
    """Row of one file."""
    try:
        prediction = results.prediction_of(content, model)
    except InvalidAudio as error:
        return {"problem": " ".join(words.problem(error)), "notes": ""}
    except Exception:  # one failure must not lose the other files
        logging.getLogger(__name__).exception("a file failed")
        return {"problem": words.UNEXPECTED, "notes": ""}
    probabilities = {f"p_{label}": value for label, value in prediction["probabilities"].items()}
    facts = {name: prediction[name] for name in ("emotion", "confidence", "duration")}
    return {**facts, "problem": "", "notes": "; ".join(prediction.get("notes", ())), **probabilities}


def table_of(rows: list[dict[str, Any]], labels: list[str]) -> pd.DataFrame:
    """Table with file, emotion, confidence, duration in seconds, problem, notes, and one `p_<label>` per class.

    Examples
    --------
    >>> table_of([{"file": "a.wav", "problem": "The file is empty."}], ["calm"]).columns.tolist()
    ['file', 'emotion', 'confidence', 'duration', 'problem', 'notes', 'p_calm']
    """
    columns = ["file", "emotion", "confidence", "duration", "problem", "notes", *(f"p_{label}" for label in labels)]
    return pd.DataFrame(rows, columns=columns)


def csv(table: pd.DataFrame) -> bytes:
    """Table as csv in UTF-8 with line feeds; missing values are empty, and a spreadsheet finds no formula.

    Examples
    --------
    >>> csv(pd.DataFrame({"file": ["=1+1"], "emotion": ["sad"]})).splitlines()
    [b'file,emotion', b"'=1+1,sad"]
    """
    return table.map(cell).to_csv(index=False, lineterminator="\n").encode()


def _rows(uploads: Mapping[str, UploadedFile], model: Recognizer, key: str) -> list[dict[str, Any]]:
    """Row of each upload; a progress bar shows the analysis of new ones."""
    known: dict[str, dict[str, Any]] = st.session_state.get("rows", {})
    new = [name for name in uploads if f"{key}:{name}" not in known]
    now = {name: row for name, row in known.items() if name.removeprefix(f"{key}:") in uploads}
    st.session_state["rows"] = now  # before it is filled, so that a file added meanwhile loses no row
    bar = st.progress(0.0, text="Analysing …") if new else None
    for done, name in enumerate(new, start=1):
        now[f"{key}:{name}"] = row(uploads[name].getvalue(), model)
        if bar:
            bar.progress(done / len(new), text=f"Analysing … {done} of {len(new)}")
    if bar:
        bar.empty()
    return [{"file": upload.name, **now[f"{key}:{name}"]} for name, upload in uploads.items()]


def _shown(table: pd.DataFrame, labels: list[str]) -> None:
    """Show the table, with probabilities in percent."""
    probabilities = [f"p_{label}" for label in labels]
    shown = table.assign(**{name: 100 * table[name] for name in ("confidence", *probabilities)})
    texts = [name for name in ("problem", "notes") if (table[name] != "").any()]
    number = st.column_config.NumberColumn
    st.dataframe(
        shown,
        hide_index=True,
        column_order=[
            "file",
            "emotion",
            "confidence",
            *texts,
            "duration",
            *probabilities,
        ],
        column_config={
            "file": st.column_config.TextColumn(width=115 if start.is_phone() else 200),  # these three fit its screen
            "emotion": st.column_config.TextColumn(width=95),
            "confidence": number("confidence, %", format="%.0f", width=110),
            "duration": number("duration, s", format="%.2f"),
            **{name: st.column_config.TextColumn(width="medium") for name in texts},
            **{f"p_{label}": number(f"{label}, %", format="%.0f") for label in labels},
        },
        placeholder="",  # where a file cannot be used
        alt="Emotion of every file",
    )
