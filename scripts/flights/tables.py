"""Write the Delta tables of the demo, as a scoring service would write them.

Run: python -m scripts.flights.tables [--path var/flights]
Does not need Spark: the service writes with delta-rs, and the monitor reads with Spark.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake
from scripts.flights import service, source

STRING, INT, DOUBLE, DATE, BOOL = (
    pa.string(),
    pa.int32(),
    pa.float64(),
    pa.date32(),
    pa.bool_(),
)
INSTANT = pa.timestamp("us", tz="UTC")

Column = tuple[str, pa.DataType, str]

INPUTS: tuple[Column, ...] = (
    ("flight_id", STRING, "Day, carrier, flight number and origin of the flight."),
    ("day", DATE, "Scheduled day of departure, New York time."),
    ("scheduled_departure", INSTANT, "Scheduled departure."),
    ("carrier", STRING, "Code of the carrier."),
    ("origin", STRING, "Airport of departure: EWR, JFK or LGA."),
    ("destination", STRING, "Airport of arrival."),
    ("tail_number", STRING, "Registration of the aircraft; null while none is assigned."),
    ("manufacturer", STRING, "Maker of the aircraft; null if the register does not know it."),
    ("engine_type", STRING, "Kind of engine; null if the register does not know the aircraft."),
    ("aircraft_year", INT, "Year in which the aircraft was built."),
    ("aircraft_seats", INT, "Seats of the aircraft."),
    ("aircraft_engines", INT, "Engines of the aircraft."),
    ("distance", INT, "Miles from origin to destination."),
    ("weekday", INT, "Day of the week, Monday 1 to Sunday 7."),
    ("scheduled_hour", INT, "Scheduled hour of departure, New York time."),
    ("arrives_next_day", BOOL, "The scheduled arrival is after midnight."),
    ("temperature", DOUBLE, "Degrees Fahrenheit at the origin in the scheduled hour."),
    ("dew_point", DOUBLE, "Degrees Fahrenheit at the origin in the scheduled hour."),
    ("humidity", DOUBLE, "Relative humidity, percent."),
    ("wind_direction", DOUBLE, "Degrees."),
    ("wind_speed", DOUBLE, "Miles per hour."),
    ("wind_gust", DOUBLE, "Miles per hour; null where there was no gust."),
    ("precipitation", DOUBLE, "Inches in the hour."),
    ("pressure", DOUBLE, "Millibar at sea level."),
    ("visibility", DOUBLE, "Miles, 10 at most."),
)
PREDICTIONS: tuple[Column, ...] = (
    ("flight_id", STRING, "The flight that was scored."),
    ("day", DATE, "Scheduled day of departure, New York time."),
    ("scored_at", INSTANT, "When the score was made: the start of the scheduled hour."),
    ("probability", DOUBLE, "Probability of arriving more than 15 minutes late."),
    ("decision", BOOL, "Decision of the service: late or not."),
    ("model_version", STRING, "The model that scored."),
    ("label_due_on", DATE, "When the label is due: the 15th of the following month."),
)
CHALLENGER: tuple[Column, ...] = (
    ("flight_id", STRING, "The flight that was scored."),
    ("day", DATE, "Scheduled day of departure, New York time."),
    ("probability", DOUBLE, "Probability of arriving more than 15 minutes late."),
    ("decision", BOOL, "Decision of the challenger: late or not."),
)
LABELS: tuple[Column, ...] = (
    ("flight_id", STRING, "The flight that arrived. A canceled or diverted one has no row."),
    ("day", DATE, "Scheduled day of departure, New York time."),
    ("late", BOOL, "It arrived more than 15 minutes late."),
    ("arrival_delay", INT, "Minutes of delay on arrival; negative when early."),
    (
        "known_on",
        DATE,
        "When the label became known: the 15th of the following month, or the 25th.",
    ),
)
CARRIERS: tuple[Column, ...] = (
    ("carrier", STRING, "Code of a carrier that may report."),
    ("name", STRING, "Its name."),
)
AIRPORTS: tuple[Column, ...] = (
    ("airport", STRING, "Code of an airport that the register knows."),
    ("name", STRING, "Its name."),
)


def main(argv: list[str] | None = None) -> int:
    """Create all tables and report them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--path", type=Path, default=Path("var/flights"))
    root: Path = parser.parse_args(argv).path
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {what}", flush=True)

    data = source.folder()
    flights = source.flights(data)
    say(f"read {len(flights):,} flights of 2013 with their aircraft and hourly weather")
    scores = service.score(flights)
    say(f"fit a model on January and scored the year: late from {scores.threshold:.3f} up")

    predictions = flights[["flight_id", "day", "scored_at"]].assign(
        probability=scores.probability,
        decision=scores.decision,
        model_version=service.VERSION,
        label_due_on=source.due_on(flights["day"]),
    )
    spring = service.score_as_challenger(flights)
    later = ~np.isnan(spring.probability)
    challenger = flights.loc[later, ["flight_id", "day"]].assign(
        probability=spring.probability[later], decision=spring.decision[later]
    )
    say(f"fit a challenger on two months; it scores {later.sum():,} flights from April on")
    arrived = flights[flights["arrival_delay"].notna()]
    labels = arrived[["flight_id", "day", "arrival_delay"]].assign(
        late=service.is_late(arrived["arrival_delay"]),
        known_on=source.known_on(arrived["day"], arrived["carrier"]),
    )
    for name, frame, columns in (
        ("inputs", flights, INPUTS),
        ("predictions", predictions, PREDICTIONS),
        ("challenger", challenger, CHALLENGER),
        ("labels", labels, LABELS),
        ("carriers", source.carriers(data), CARRIERS),
        ("airports", source.airports(data), AIRPORTS),
    ):
        write(root / name, frame, columns)
        say(f"wrote {root / name}: {len(frame):,} rows")
    print(
        service.auc_by_month(flights, scores.probability).to_string(
            index=False,
            formatters={
                "flights": "{:,}".format,
                "late": "{:.3f}".format,
                "mean_score": "{:.3f}".format,
                "auc": "{:.3f}".format,
            },
        )
    )
    return 0


def write(path: Path, frame: pd.DataFrame, columns: tuple[Column, ...]) -> None:
    """Write a frame as a Delta table, partitioned by day if it has one, with one file per day."""
    schema = pa.schema(
        [pa.field(name, kind, metadata={"comment": comment}) for name, kind, comment in columns]
    )
    table = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
    partitions = ["day"] if "day" in schema.names else None
    write_deltalake(path, table, mode="overwrite", partition_by=partitions)


if __name__ == "__main__":
    raise SystemExit(main())
