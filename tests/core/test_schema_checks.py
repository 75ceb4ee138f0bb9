"""Features that are checked all at once are checked as pandera checks them one by one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pytest

from ser.core import schema_checks, tables

FEATURES = [f"mfcc_{k}" for k in range(3)]
VALUES = np.zeros((2, 3), np.float32)


def rows(values: np.ndarray) -> pd.DataFrame:
    keys = {"utterance": ["a", "b"], "variant": tables.ORIGINAL, "emotion": ["sad", "calm"]}
    return pd.DataFrame(keys).join(pd.DataFrame(values, columns=FEATURES))


def balanced(values: np.ndarray) -> pd.DataFrame:
    return rows(values).assign(fold=0, synthetic=False)


def found_by(check: object, *given: object, **options: object) -> str:
    try:
        check(*given, **options)  # type: ignore[operator]
    except (pandera.errors.SchemaError, pandera.errors.SchemaErrors) as error:
        return str(error)
    return "valid"


NULL = VALUES.copy()
NULL[1, 2] = np.nan


@pytest.mark.parametrize(
    ("table", "schema", "is_valid"),
    [
        (rows(VALUES), tables.FEATURES, True),
        (rows(NULL), tables.FEATURES, False),
        (rows(VALUES.astype(float)), tables.FEATURES, False),
        (rows(VALUES).drop(columns=FEATURES), tables.FEATURES, False),
        (rows(VALUES).assign(emotion=["sad", None]), tables.FEATURES, False),
        (rows(VALUES).assign(utterance="a", emotion="sad"), tables.FEATURES, False),
        (balanced(VALUES), tables.BALANCED, True),
        (balanced(NULL), tables.BALANCED, True),
        (balanced(VALUES).drop(columns=FEATURES), tables.BALANCED, True),
        (balanced(VALUES).assign(fold=-1), tables.BALANCED, False),
    ],
)
def test_the_same_tables_are_valid(table: pd.DataFrame, schema: pandera.DataFrameSchema, is_valid: bool) -> None:
    features = [name for name in FEATURES if name in table]
    found = found_by(schema_checks.valid, table, schema, pattern=tables.FEATURE_NAMES, features=features)
    assert (found == "valid") == is_valid
    assert found == found_by(schema.validate, table)


def test_a_stage_checks_tables_without_libraries_for_tests(tmp_path: Path) -> None:
    tables.write(rows(VALUES), tmp_path / "features.csv")
    code = (
        "import sys; from pathlib import Path; from ser.core import stage, tables\n"
        "stage.run(lambda: print(len(tables.read_features(Path('features.csv')))))\n"
        "print(*{'hypothesis', 'pytest', 'trio'} & set(sys.modules)); import hypothesis"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n\n"
