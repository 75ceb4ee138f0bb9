"""The whole pipeline under DVC, on a small synthesised corpus, in a copy of the project with its own Git history."""

import csv
import json
import shlex
import shutil

import pandas as pd
import pytest

from ser.features.yamnet import hub
from tests.support import first_run
from tests.support.first_run import QUICK, SMOTE, SPEAKERS
from tests.support.paths import ROOT
from tests.support.several_corpora import N_A_SPEAKER, emodb_corpus, tess_corpus

pytestmark = pytest.mark.slow

HANDLE = "https://tfhub.dev/google/yamnet/1"
CACHED = hub.cache_folder() if hub.is_cached(HANDLE) else None
N = 30 * len(SPEAKERS)
FOLDS = ("partition=speaker_folds", "partition.n_folds=4")


@pytest.fixture(scope="module")
def project(tmp_path_factory, shared):
    """The project after its first run, without YAMNet and without a network."""
    top = tmp_path_factory.mktemp("pipeline")
    project = first_run.copied(shared, top)
    project.raw = top / "raw"  # several corpora
    emodb_corpus(project.raw / "emodb")
    tess_corpus(project.raw / "tess")
    (project.raw / "ravdess").symlink_to(project.corpus)
    return project


def study(project, *settings, **options):
    """`dvc exp run` on the small corpus."""
    return project.study(f"corpus.root={project.corpus}", *QUICK, SMOTE, *settings, **options)


def reproduced(project, *settings, balance=SMOTE, **options):
    """The same stages, without an experiment."""
    return project.reproduced(f"corpus.root={project.corpus}", *QUICK, balance, *settings, **options)


def reproduced_of_several(project, *settings, **options):
    """The stages of a study of the small corpora."""
    return project.reproduced("corpus=combined", f"corpus.root={project.raw}", *QUICK, SMOTE, *settings, **options)


def metrics(project):
    return project.read_json("reports/metrics.json")


def uar(predictions):
    """Mean of the recalls."""
    return (predictions["truth"] == predictions["prediction"]).groupby(predictions["truth"]).mean().mean()


def test_without_yamnet_all_else_is_made_and_one_warning_says_why(project):
    output = project.first_output
    assert output.count("warning: YAMNet features are marked unavailable") == 1
    assert "set TFHUB_CACHE_DIR" in output
    assert output.count("a speech encoder's features: not needed") == 1
    assert list(project.read("data/yamnet_extracted_features.csv")) == [
        "utterance",
        "variant",
        "emotion",
        "unavailable",
    ]
    assert project.read("data/yamnet_extracted_features.csv").empty
    assert project.read("data/librosa_extracted_features.csv").shape == (N, 3 + 120)
    for path in ("confusion_matrix.png", "per_class.png", "projections/tsne.png", "projections/umap.png"):
        assert (project.folder / "reports" / path).read_bytes().startswith(b"\x89PNG")


def test_the_run_first_says_what_is_studied(project):
    lines = [line for line in project.first_output.splitlines() if line and not line.startswith((">", "Running"))]
    assert lines[0] == "corpus demo, partition speaker_holdout, model svm"


def test_the_run_ends_with_the_score(project):
    assert project.ran(project.first_output)[-1] == "summarise"
    end = project.first_output.partition("> python -m stages.summarise\n")[2].splitlines()
    figures = metrics(project)
    assert figures["n_speakers"] == 1
    size = f"{figures['n_utterances']} utterances of 1 speaker"
    assert end[:5] == [
        f"UAR {100 * figures['uar']:.1f} % (no interval: it needs 6 known speakers) on {size}",
        f"dev UAR {100 * figures['dev.uar']:.1f} %",
        "protocol: speaker_holdout (speaker-independent)",
        "report: reports/report.html",
        "all runs: ser experiments",
    ]
    report = (project.folder / "reports/report.md").read_text()
    assert "Run it again, in a checkout of commit " in report
    (command,) = [line for line in report.splitlines() if line.startswith("dvc exp run")]
    assert set(command.split(" -S ")[1:]) == {"corpus.root=FOLDER", *QUICK, SMOTE}


def test_no_speaker_is_on_two_sides_and_only_training_rows_are_balanced(project):
    speaker = project.read("data/utterances.csv").set_index("utterance")["speaker"]
    partitions = project.read("data/partitions.csv")
    sides = partitions.groupby(partitions["utterance"].map(speaker))["partition"].nunique()
    assert (sides == 1).all()
    balanced = project.read("data/balanced_dataset.csv")
    train = set(partitions.loc[partitions["partition"] == "train", "utterance"])
    assert set(balanced["utterance"]) == train
    assert balanced["emotion"].value_counts().nunique() == 1
    assert balanced["synthetic"].sum() == len(balanced) - len(train) > 0


def test_scores_are_those_of_the_predictions(project):
    predictions = project.read("reports/predictions.csv")
    test = predictions[predictions["partition"] == "test"]
    assert metrics(project)["uar"] == pytest.approx(uar(test), abs=1e-6)
    assert metrics(project)["speaker_independent"] is True
    probabilities = predictions.filter(like="p_")
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)


def test_nothing_to_do_runs_the_probe_alone_and_leaves_git_clean(project):
    output = project.run("dvc", "repro")
    assert project.ran(output) == ["probe"]
    assert project.run("git", "status", "--short") == ""


def test_the_lock_file_has_the_bytes_of_dvcs_own_parser_and_writer(project):
    """The processes of these tests use others, see `tests.support.warm_python`."""
    written = (project.folder / "dvc.lock").read_bytes()
    project.run("python", "-c", "import dvc.utils.serialize as s\nwith s.modify_yaml('dvc.lock'):\n    pass")
    assert (project.folder / "dvc.lock").read_bytes() == written


def test_a_forced_run_by_other_numbers_of_threads_and_processes_writes_the_same_bytes(project):
    before = project.hashes("data", "reports")
    assert {"data/utterances.csv", "reports/metrics.json", "reports/projections/umap.csv"} <= set(before)
    others = {"LOKY_MAX_CPU_COUNT": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "2", "SER_CACHE_GB": "0"}
    output = project.run("dvc", "repro", "--force", **others)
    assert sorted(project.ran(output)) == sorted(project.ran(project.first_output))
    assert project.hashes("data", "reports") == before


def test_another_model_runs_training_and_what_follows_alone(project):
    output = study(project, "model=logistic_regression")
    assert set(project.ran(output)) == {"probe", "train", "evaluate", "audit", "report", "summarise"}
    assert "model logistic_regression" in output


def test_a_missing_corpus_is_refused_with_the_remedy(project):
    output = project.run("dvc", "exp", "run", "-S", "corpus=ravdess", fails=True)
    assert "error: corpus.root data/raw/ravdess is not a folder" in output
    assert "dvc add data/raw/ravdess" in output


SEVERAL = ("corpus=combined", "corpus.root={raw}")


@pytest.mark.parametrize(
    ("settings", "stage", "expected"),
    [
        (("model.representation=yamnet",), "probe", "error: the model https://tfhub.dev/google/yamnet/1 is not in"),
        (("model.representation=yamnet",), "probe", "set TFHUB_CACHE_DIR"),
        (("+partition.n_folsd=3",), "partition", "n_folsd"),
        (
            ("adaptation=speaker", "model=cnn"),
            "probe",
            "error: adaptation=speaker needs a feature table, but the log_mel of model cnn are arrays",
        ),
        (
            ("tables.format=feather",),
            "extract_librosa",
            "error: unknown tables.format 'feather'; choose one of csv, parquet",
        ),
        (
            (*SEVERAL, "corpus.corpora=[ravdess,crema_d]"),
            "ingest",
            "error: corpus.corpora names crema_d, and {raw} has no folder of that name; `ser download crema_d` fetches",
        ),
        (
            ("corpus=combined",),
            "ingest",
            "error: {corpus} contains no corpus; wanted a folder with one of the names ravdess, tess, crema_d",
        ),
    ],
)
def test_a_choice_that_cannot_be_met_ends_its_stage_with_the_remedy(project, settings, stage, expected):
    places = {"raw": project.raw, "corpus": project.corpus}
    before = (project.folder / "params.yaml").read_bytes()
    project.compose(f"corpus.root={project.corpus}", *(setting.format(**places) for setting in settings))
    output = project.run("python", "-m", f"stages.{stage}", fails=True)
    (project.folder / "params.yaml").write_bytes(before)
    assert expected.format(**places) in output


def test_choosing_by_dev_leaves_the_test_figures_out(project):
    output = reproduced(project, "evaluation.test=false", targets=["evaluate"])
    assert project.ran(output)[-1] == "evaluate"
    end = output.partition("> python -m stages.evaluate\n")[2].splitlines()
    assert end[0] == "UAR not computed: the test partition was not predicted (evaluation.test=false)"
    assert end[3] == "report: reports/classification_report.txt"
    assert set(metrics(project)) == {"speaker_independent", "protocol", "dev.uar", "dev.accuracy"}
    assert set(project.read("reports/predictions.csv")["partition"]) == {"dev"}


def test_folds_are_pooled_and_every_utterance_is_tested_once(project):
    reproduced(project, *FOLDS, balance="balance=random_oversampler", targets=["evaluate"])
    assert metrics(project)["n_utterances"] == N
    balanced = project.read("data/balanced_dataset.csv")
    original = balanced[~balanced["synthetic"]]
    assert original.filter(like="MFCC").isna().all(axis=None)
    assert balanced.loc[balanced["synthetic"], "MFCC_1"].notna().all()
    test = project.read("reports/predictions.csv").query("partition == 'test'")
    assert test["utterance"].is_unique


@pytest.fixture(scope="module")
def transductive(project):
    """Output of a study of features that are adapted to each speaker."""
    return reproduced(project, "adaptation=speaker", *FOLDS)


def test_a_transductive_study_extracts_nothing_anew_and_is_marked(project, transductive):
    ran = project.ran(transductive)
    assert {"adapt", "balance", "train", "evaluate", "audit", "report", "summarise"} <= {*ran}
    assert not {name for name in ran if name.startswith("extract_")}
    assert metrics(project)["transductive"] is True
    assert metrics(project)["protocol"] == "speaker_folds (speaker-independent, transductive)"
    assert "> **Transductive.**" in (project.folder / "reports/report.md").read_text()
    assert "transductive" not in json.loads(project.run("git", "show", "HEAD:reports/metrics.json"))


def test_large_tables_as_parquet_give_the_same_to_the_byte(project, transductive):
    """With several folds, rows are references, too."""
    results, bundle = project.hashes("reports"), project.read_json("models/fold_0/bundle.json")
    names = ("librosa_extracted_features", "adapted_features", "balanced_dataset")
    tables = {name: project.read(f"data/{name}.csv") for name in names}
    others = tuple(f"{name}_extracted_features" for name in ("yamnet", "ssl", "whisper", "opensmile"))
    others += ("yamnet_librosa_features", "added_features")
    for name in (*tables, *others):
        (project.folder / f"data/{name}.csv").unlink()
    ran = project.ran(reproduced(project, "tables.format=parquet", "adaptation=speaker", *FOLDS))
    wanted = {f"extract_{name}" for name in ("yamnet", "ssl", "whisper", "opensmile", "librosa")}
    wanted |= {"combine", "adapt", "balance", "project", "train", "evaluate"}
    assert wanted <= {"probe", *ran}
    assert project.hashes("reports") == results
    assert {"reports/metrics.json", "reports/predictions.csv", "reports/projections/umap.csv"} <= set(results)
    assert sorted(path.name for path in (project.folder / "data").glob("*.csv")) == ["partitions.csv", "utterances.csv"]
    for name, table in tables.items():
        parquet = pd.read_parquet(project.folder / f"data/{name}.parquet")
        assert list(parquet) == list(table)
        pd.testing.assert_frame_equal(parquet, table, check_dtype=False, rtol=1e-6)
    assert project.read_json("models/fold_0/bundle.json") == bundle


def test_several_corpora_are_one_study_whose_scores_are_told_for_each(project):
    folds = ("partition=speaker_folds", "partition.n_folds=3")
    output = reproduced_of_several(
        project, "labels=common_four", "corpus.corpora=[ravdess,emodb]", *folds, targets=["evaluate"]
    )
    kept = {"ravdess": 4 * 14, "emodb": 4 * 14}  # of neutral, happy, sad, angry
    assert f"emodb: {kept['emodb']} utterances\nravdess: {kept['ravdess']} utterances\ntogether: 112" in output
    assert "warning: folders of no chosen corpus, not read: tess" in output
    utterances = project.read("data/utterances.csv")
    assert set(utterances["emotion"]) == {"neutral", "happy", "sad", "angry"}
    assert utterances["corpus"].value_counts().to_dict() == kept
    dropped = project.read_json("reports/ingest.json")["dropped"]
    assert dropped["emodb"] == dict.fromkeys(("fearful", "disgust", "boredom"), 16)
    assert set(dropped["ravdess"]) == {"calm", "fearful", "disgust", "surprised"}
    predictions = project.read("reports/predictions.csv")
    for partition, name in (("test", "corpus.{}.uar"), ("dev", "dev.corpus.{}.uar")):
        rows = predictions[predictions["partition"] == partition]
        assert rows["corpus"].value_counts().to_dict() == kept
        for corpus in kept:
            own = uar(rows[rows["corpus"] == corpus])
            assert metrics(project)[name.format(corpus)] == pytest.approx(own, abs=1e-6)
    report = (project.folder / "reports/classification_report.txt").read_text()
    assert "emodb alone\n" in report
    assert "ravdess alone\n" in report


def test_across_corpora_one_trains_and_the_others_are_tested_whole(project):
    settings = ("partition=cross_corpus", "partition.test_corpora=[emodb,tess]")
    output = reproduced_of_several(project, *settings, targets=["evaluate"])
    assert "left out: 16 utterances of ravdess with calm: the training or test corpora lack the emotion" in output
    assert "left out: 8 utterances of tess with pleasant_surprise: the training or test corpora lack" in output
    assert set(project.read("data/balanced_dataset.csv")["utterance"].str.partition("/")[0]) == {"ravdess"}
    utterances = project.read("data/utterances.csv").set_index("utterance")
    assert len(utterances) == N + (4 + 2) * N_A_SPEAKER
    shared = {"neutral", "happy", "sad", "angry", "fearful", "disgust"}
    wanted = utterances[(utterances["corpus"] != "ravdess") & utterances["emotion"].isin(shared)]
    test = project.read("reports/predictions.csv").query("partition == 'test'")
    assert sorted(test["utterance"]) == sorted(wanted.index)
    scores = metrics(project)
    assert scores["protocol"] == "cross_corpus ravdess to emodb and tess (speaker-independent)"
    assert (scores["corpus.tess.n_speakers"], scores["corpus.emodb.n_speakers"]) == (2, 4)
    assert scores["corpus.tess.uar"] == pytest.approx(uar(test[test["corpus"] == "tess"]), abs=1e-6)
    assert "corpus.ravdess.uar" not in scores
    assert not any(name.startswith("dev.corpus.") for name in scores)


def test_dvc_shows_metrics_plots_and_differences(project):
    assert "uar" in project.run("dvc", "metrics", "show")
    output = project.run("dvc", "plots", "show")
    assert "index.html" in output
    assert "failed" not in output
    assert "WARNING" not in output
    page = (project.folder / "dvc_plots/index.html").read_text()
    for title in ("Confusion, share", "Reliability, on", "t-SNE of", "UMAP of", "reports/per_class.png"):
        assert title in page
    project.run("dvc", "metrics", "diff")


@pytest.fixture
def with_studies(project):
    """The project at its first run, with the pipelines in `studies`."""
    project.run("git", "checkout", "--quiet", "--force", "HEAD")
    for name in ("cross_corpus", "leakage"):
        project.copy_study(name)
    yield
    shutil.rmtree(project.folder / "studies")


@pytest.mark.usefixtures("with_studies")
def test_dvc_shows_metrics_before_parameters_before_dependencies_and_less_where_it_is_told_to(project):
    columns, *rows = csv.reader(project.run("dvc", "exp", "show", "--csv").splitlines())
    assert any("speaker_holdout" in row for row in rows)
    of_kinds = [columns.index(name) for name in ("uar", "params.yaml:model.name", "ser/core")]
    assert of_kinds == sorted(of_kinds)
    page = (ROOT / "docs/how-to/compare.md").read_text()
    (command,) = (line for line in page.splitlines() if line.startswith("dvc exp show "))
    shown = project.run(*shlex.split(command), "--csv").splitlines()[0].split(",")
    parameters = {f"params.yaml:{name}.name" for name in ("corpus", "partition", "representation", "model")}
    assert {"Experiment", "dev.uar", "uar"} | parameters <= set(shown)
    assert len(shown) <= 60


@pytest.mark.usefixtures("with_studies")
def test_a_run_of_the_root_leaves_out_the_pipelines_of_other_folders(project):
    output = study(project, targets=["evaluate"])
    assert "Stage 'train' didn't change" in output
    assert "studies/" not in output


def test_the_models_are_an_artifact_of_dvc(project):
    project.run("git", "tag", "--annotate", "recognizer@v1.0.0", "-m", "the first run")
    project.run("dvc", "artifacts", "get", ".", "recognizer", "--rev", "v1.0.0", "--out", "got")
    got = project.folder / "got"
    assert (got / "fold_0/bundle.json").is_file()
    shutil.rmtree(got)


@pytest.mark.skipif(CACHED is None, reason="TFHUB_CACHE_DIR is not set, or has no YAMNet")
def test_yamnet_is_picked_up_once_it_is_there(project):
    project.run("git", "checkout", "--quiet", "--force", "HEAD")
    project.environment["TFHUB_CACHE_DIR"] = str(CACHED)
    assert "extract_yamnet" in project.ran(project.run("dvc", "repro"))
    assert project.read("data/yamnet_extracted_features.csv").shape == (N, 3 + 1024)
    assert project.ran(project.run("dvc", "repro")) == ["probe"]
    output = reproduced(project, "model.representation=yamnet_librosa")
    wanted = {"probe", "combine", "adapt", "balance", "project", "train", "evaluate", "audit", "report", "summarise"}
    assert set(project.ran(output)) == wanted
    assert project.read("data/yamnet_librosa_features.csv").shape == (N, 3 + 1024 + 120)
    bundle = project.read_json("models/fold_0/bundle.json")
    assert set(bundle["representation"]["settings"]) == {"yamnet", "librosa"}
