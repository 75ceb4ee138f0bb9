"""Map the balanced rows of fold 0 in two dimensions, by t-SNE and by UMAP."""

from pathlib import Path

from ser.core import files, params_file, tables
from ser.core.stage import run
from ser.core.table_suffixes import in_format
from ser.evaluation import projections
from ser.evaluation.captions import caption
from ser.figures.projections import projection_map
from ser.protocol import references
from ser.representation import reading, registry

PARAMS = ("projection", "representation", "seed", "tables.format")
BALANCED = Path("data/balanced_dataset.csv")
PROJECTIONS = Path("reports/projections")


def main() -> None:
    config = params_file.load(*PARAMS)
    projection, seed = config["projection"], config["seed"]
    balanced = tables.read_balanced(in_format(BALANCED, config["tables.format"]))
    time_axis = registry.definition(config["representation"]["name"]).time_axis
    features = reading.read(Path(config["representation"]["path"])).averages(time_axis)
    rows = references.dereferenced(balanced[balanced["fold"] == 0], features)
    rows = projections.sampled(rows, max_rows=projection["max_rows"], seed=seed)
    values = projections.standardised(rows[tables.feature_columns(features)].to_numpy())
    fitted = projections.for_few_rows(projection, n_rows=len(rows))
    points = {
        "tsne": projections.tsne(values, **fitted["tsne"], seed=seed),
        "umap": projections.umap(values, **fitted["umap"], seed=seed),
    }
    note = caption(rows["utterance"].str.partition("/")[0], config["representation"]["name"])
    with files.replacing(PROJECTIONS) as folder:
        folder.mkdir()
        for name, point in points.items():
            table = rows[["utterance", "variant", "synthetic", "emotion"]].assign(x=point[:, 0], y=point[:, 1])
            title = f"{projections.TITLES[name]} of {len(table)} balanced training rows, fold 0"
            tables.write(table, folder / f"{name}.csv")
            projection_map(table, title=title, note=note).savefig(folder / f"{name}.png")


if __name__ == "__main__":
    run(main)
