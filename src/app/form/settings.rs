//! The fields that say how to run a task rather than with what; they bear the names of the command
//! line's flags.

use super::{EXECUTOR, Field, GRID, JOBS, KEEP_GOING, Kind, Part, SWEEP, TIMEOUT, YES};

pub fn how_to_run() -> [Field; 2] {
    let executors = vec!["thread".into(), "docker".into(), "swarm".into()];
    let executor = Field {
        text: "thread".into(),
        kind: Kind::Choice(executors),
        ..setting(Part::HowToRun, EXECUTOR, "thread | docker | swarm", "where it runs")
    };
    let doc = "as in 30s, 500ms, 5m; empty: the configured one";
    [executor, setting(Part::HowToRun, TIMEOUT, "duration", doc)]
}

pub fn sweep() -> [Field; 4] {
    let of = |name, type_, doc| setting(Part::Sweep, name, type_, doc);
    let jobs =
        Field { kind: Kind::Integer, ..of(JOBS, "integer", "at a time; empty: one per processor") };
    let keep_going = Field {
        kind: Kind::Choice(vec![YES.into(), "no".into()]),
        ..of(KEEP_GOING, "yes | no", "no: stop at the first failure")
    };
    [
        of(GRID, "combinations", "as in k=1..10,j=a|b; empty: one run"),
        of(SWEEP, "file", "inputs by row: .csv, .jsonl, .json"),
        jobs,
        keep_going,
    ]
}

fn setting(part: Part, name: &str, type_: &str, doc: &str) -> Field {
    Field {
        name: name.into(),
        type_: type_.into(),
        doc: Some(doc.into()),
        required: false,
        default: None,
        kind: Kind::Text,
        nullable: false,
        text: String::new(),
        error: None,
        touched: false,
        part,
    }
}
