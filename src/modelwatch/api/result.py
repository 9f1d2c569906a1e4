"""The common interface of results of frames: one Arrow table, and conversions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class TableResult:
    """A result that is one Arrow table."""

    table: pa.Table

    def to_arrow(self) -> pa.Table:
        """The result as an Arrow table."""
        return self.table

    def to_pandas(self) -> pd.DataFrame:
        """The result as a pandas DataFrame; undefined values are NaN or None."""
        found: pd.DataFrame = self.table.to_pandas()
        return found

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The result for any library that accepts Arrow, such as ``polars.DataFrame(result)``."""
        return self.table.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self):,} rows; to_pandas() has them>"
