"""Maps of feature rows: shape, seed, errors."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from threadpoolctl import threadpool_limits

from ser.evaluation import projections
from tests.support.paths import CONF

VALUES = np.concatenate([np.random.default_rng(k).normal(12 * k, 1, (20, 6)) for k in range(2)]).astype(np.float32)
GROUP = np.repeat([0, 1], 20)


@pytest.fixture(scope="module")
def maps() -> dict[str, list[np.ndarray]]:
    """Maps of `VALUES` by each method, made twice with the same seed."""
    return {
        "tsne": [projections.tsne(VALUES, perplexity=10.0, seed=0) for _ in range(2)],
        "umap": [projections.umap(VALUES, n_neighbors=8, min_dist=0.1, seed=0) for _ in range(2)],
    }


@pytest.mark.parametrize("name", ["tsne", "umap"])
def test_a_map_has_two_finite_coordinates_a_row(maps: dict[str, list[np.ndarray]], name: str) -> None:
    points = maps[name][0]
    assert points.shape == (40, 2)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()


@pytest.mark.parametrize("name", ["tsne", "umap"])
def test_one_seed_gives_one_map(maps: dict[str, list[np.ndarray]], name: str) -> None:
    first, again = maps[name]
    np.testing.assert_array_equal(first, again)


@pytest.mark.slow
def test_tsne_is_the_same_on_any_number_of_cores() -> None:
    values = np.random.default_rng(0).normal(size=(300, 50)).astype(np.float32)
    maps = []
    for n_cores in (1, 2):
        with threadpool_limits(n_cores):
            maps.append(projections.tsne(values, perplexity=30.0, seed=0))
    np.testing.assert_array_equal(*maps)


@pytest.mark.parametrize("name", ["tsne", "umap"])
def test_the_nearest_point_is_of_the_same_cluster(maps: dict[str, list[np.ndarray]], name: str) -> None:
    distance = np.linalg.norm(maps[name][0][:, None] - maps[name][0], axis=-1)
    np.fill_diagonal(distance, np.inf)
    assert (GROUP[distance.argmin(axis=1)] == GROUP).all()


def test_settings_for_many_rows_become_those_for_few_and_a_warning_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"tsne": {"perplexity": 30.0}, "umap": {"n_neighbors": 15, "min_dist": 0.1}}
    assert projections.for_few_rows(settings, n_rows=1000) == settings
    assert capsys.readouterr().out == ""
    found = projections.for_few_rows(settings, n_rows=12)
    assert projections.tsne(VALUES[:12], **found["tsne"], seed=0).shape == (12, 2)
    assert projections.umap(VALUES[:12], **found["umap"], seed=0).shape == (12, 2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["projection.tsne.perplexity", "projection.umap.n_neighbors"]


def test_only_the_settings_of_conf_are_fitted_to_few_rows_and_a_chosen_one_is_refused() -> None:
    usual = yaml.safe_load((CONF / "projection" / "default.yaml").read_text())
    assert {key: usual[key[0]][key[1]] for key in projections.USUAL} == projections.USUAL
    chosen = {"tsne": {"perplexity": 1000.0}, "umap": {"n_neighbors": 1000, "min_dist": 0.1}}
    assert projections.for_few_rows(chosen, n_rows=12) == chosen


@pytest.mark.parametrize("perplexity", [0.0, 40.0, 41.0])
def test_the_perplexity_is_below_the_number_of_rows(perplexity: float) -> None:
    with pytest.raises(ValueError, match=rf"projection\.tsne\.perplexity={perplexity} .* number of rows, 40; lower it"):
        projections.tsne(VALUES, perplexity=perplexity, seed=0)


@pytest.mark.parametrize("n_neighbors", [1, 40])
def test_the_neighbours_are_2_or_more_and_fewer_than_the_rows(n_neighbors: int) -> None:
    with pytest.raises(ValueError, match=rf"projection\.umap\.n_neighbors={n_neighbors} .* number of rows, 40"):
        projections.umap(VALUES, n_neighbors=n_neighbors, min_dist=0.1, seed=0)


@pytest.mark.parametrize("n_rows", [3, 4])
def test_umap_refuses_fewer_than_5_rows(n_rows: int) -> None:
    with pytest.raises(ValueError, match=rf"rows, {n_rows}, which must be 5 or more"):
        projections.umap(VALUES[:n_rows], n_neighbors=2, min_dist=0.1, seed=0)


@pytest.mark.parametrize("n_rows", [5, 6])
def test_the_usual_settings_are_fitted_to_the_fewest_rows_that_umap_takes(n_rows: int) -> None:
    settings = {"tsne": {"perplexity": 30.0}, "umap": {"n_neighbors": 15, "min_dist": 0.1}}
    found = projections.for_few_rows(settings, n_rows=n_rows)
    assert projections.tsne(VALUES[:n_rows], **found["tsne"], seed=0).shape == (n_rows, 2)
    assert projections.umap(VALUES[:n_rows], **found["umap"], seed=0).shape == (n_rows, 2)


@pytest.mark.parametrize("values", [VALUES[:, :1], np.zeros_like(VALUES)], ids=["one feature", "equal rows"])
def test_tables_without_two_principal_components_can_be_mapped(values: np.ndarray) -> None:
    assert np.isfinite(projections.tsne(values, perplexity=5.0, seed=0)).all()


def test_a_map_of_one_feature_keeps_neighbours_together() -> None:
    groups = np.concatenate([VALUES[:20, :1] / 100, 5 + VALUES[20:, :1] / 100])
    points = projections.tsne(groups, perplexity=5.0, seed=0)
    distance = np.linalg.norm(points[:, np.newaxis] - points, axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (distance.argmin(axis=1) // 20 == np.arange(40) // 20).all()


def test_the_smallest_tables_can_be_mapped() -> None:
    assert projections.tsne(VALUES[:3], perplexity=2.0, seed=0).shape == (3, 2)
    assert projections.umap(VALUES[:5], n_neighbors=2, min_dist=0.1, seed=0).shape == (5, 2)


def test_standardised_features_have_mean_0_and_deviation_1_whatever_their_unit() -> None:
    values = projections.standardised(VALUES)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(projections.standardised(VALUES * np.float32(1000)), values, atol=1e-4)


def test_a_constant_feature_stays_finite() -> None:
    values = np.column_stack([VALUES, np.full(40, 3.0, np.float32)])
    assert (projections.standardised(values)[:, -1] == 0).all()


def test_sampled_rows_keep_their_order_and_have_the_wanted_number() -> None:
    rows = pd.DataFrame({"utterance": [f"u{k:03}" for k in range(100)]})
    drawn = projections.sampled(rows, max_rows=30, seed=0)
    assert len(drawn) == drawn["utterance"].nunique() == 30
    assert drawn["utterance"].is_monotonic_increasing
    pd.testing.assert_frame_equal(drawn, projections.sampled(rows, max_rows=30, seed=0))
    assert not drawn.equals(projections.sampled(rows, max_rows=30, seed=1))


@pytest.mark.parametrize("max_rows", [100, 101])
def test_all_rows_are_kept_up_to_the_maximum(max_rows: int) -> None:
    rows = pd.DataFrame({"utterance": [f"u{k:03}" for k in range(100)]})
    pd.testing.assert_frame_equal(projections.sampled(rows, max_rows=max_rows, seed=0), rows)


@pytest.mark.slow
def test_umap_is_imported_without_tensorflow_which_can_still_be_imported() -> None:
    program = (
        "import sys, importlib.util\n"
        "from ser.evaluation import projections\n"
        "assert 'umap' not in sys.modules\n"
        "projections._umap_class()\n"
        "assert 'umap' in sys.modules\n"
        "assert not any(name.split('.')[0] == 'tensorflow' for name in sys.modules), 'tensorflow was imported'\n"
        "assert importlib.util.find_spec('tensorflow') is not None\n"
    )
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


@pytest.mark.slow
def test_functions_that_umap_compiles_are_cached_on_disk() -> None:
    program = (
        "import numpy as np\n"
        "from ser.evaluation import projections\n"
        "values = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)\n"
        "projections.umap(values, n_neighbors=8, min_dist=0.1, seed=0)\n"
        "from umap import umap_\n"
        "for name in projections.COMPILED:\n"
        "    stats = getattr(umap_, name).stats\n"
        "    print(name, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    subprocess.run(command, check=True)
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines == [f"{name} 1 0" for name in projections.COMPILED]
