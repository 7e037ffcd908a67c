//! The results of a sweep as a table: sorted, and as CSV or JSON lines.

use std::cmp::Ordering;

use serde_json::Value;

use super::csv;
use crate::model::ItemRun;

/// By what the rows are sorted; where it is equal, by their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Sort {
    #[default]
    Item,
    Status,
    Elapsed,
    Result,
}

impl Sort {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Status => "status",
            Self::Elapsed => "elapsed",
            Self::Result => "result",
        }
    }

    /// The one after it, in turn.
    pub fn next(self) -> Self {
        match self {
            Self::Item => Self::Status,
            Self::Status => Self::Elapsed,
            Self::Elapsed => Self::Result,
            Self::Result => Self::Item,
        }
    }

    pub fn order(self, a: &ItemRun, b: &ItemRun) -> Ordering {
        let number = |item: &ItemRun| item.result.as_ref().and_then(Value::as_f64);
        let by = match self {
            Self::Item => Ordering::Equal,
            Self::Status => a.status.as_str().cmp(b.status.as_str()),
            Self::Elapsed => {
                let elapsed = |item: &ItemRun| item.elapsed_ms.unwrap_or(f64::INFINITY);
                elapsed(a).total_cmp(&elapsed(b))
            }
            Self::Result => match (number(a), number(b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                // Numbers stand before everything else, so that the order is total.
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => result(a).cmp(&result(b)),
            },
        };
        by.then(a.item.cmp(&b.item))
    }
}

/// Text as it is, the rest as JSON.
pub fn field(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn result(item: &ItemRun) -> String {
    item.result.as_ref().map(field).unwrap_or_default()
}

/// What became of an input, in one line: its error, else its result.
pub fn outcome(item: &ItemRun) -> String {
    match &item.error {
        Some(error) => format!("{}: {}", error.type_, error.message),
        None => result(item),
    }
}

/// The value of an input's parameter; empty where it was not given.
pub fn input(item: &ItemRun, name: &str) -> String {
    item.input.get(name).map(field).unwrap_or_default()
}

/// The names of all parameters given, in the order in which they first come.
pub fn names<'a>(items: impl Iterator<Item = &'a ItemRun>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for name in items.filter_map(|item| item.input.as_object()).flat_map(|input| input.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

pub fn as_csv(items: &[&ItemRun]) -> String {
    let names = names(items.iter().copied());
    let own = ["item", "status", "elapsed_ms", "run", "result", "error"].map(str::to_owned);
    let inputs = names.iter().map(|name| format!("input.{name}"));
    let mut lines = vec![own.into_iter().chain(inputs).collect::<Vec<String>>()];
    for item in items {
        let error = item.error.as_ref().map(|it| format!("{}: {}", it.type_, it.message));
        let mut line = vec![
            item.item.to_string(),
            item.status.as_str().to_owned(),
            item.elapsed_ms.map(|elapsed| elapsed.to_string()).unwrap_or_default(),
            item.run.as_deref().unwrap_or_default().to_owned(),
            result(item),
            error.unwrap_or_default(),
        ];
        line.extend(names.iter().map(|name| input(item, name)));
        lines.push(line);
    }
    let record = |line: &Vec<String>| line.iter().map(|it| csv::quote(it)).collect::<Vec<_>>();
    lines.iter().map(|line| record(line).join(",")).collect::<Vec<_>>().join("\n")
}

pub fn as_jsonl(items: &[&ItemRun]) -> String {
    let line = |item: &&ItemRun| serde_json::to_string(item).unwrap_or_default();
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunStatus;
    use serde_json::json;

    fn item(place: u32, result: Value) -> ItemRun {
        ItemRun {
            item: place,
            input: json!({"k": place, "name": "a,b"}),
            status: RunStatus::Succeeded,
            result: Some(result),
            error: None,
            elapsed_ms: Some(f64::from(9 - place)),
            run: None,
        }
    }

    #[test]
    fn rows_are_sorted_by_what_they_hold() {
        let items =
            [item(0, json!("b")), item(1, json!(10)), item(2, json!(9)), item(3, json!("a"))];
        let sorted = |sort: Sort| {
            let mut items: Vec<&ItemRun> = items.iter().collect();
            items.sort_by(|a, b| sort.order(a, b));
            items.iter().map(|item| item.item).collect::<Vec<_>>()
        };
        assert_eq!(sorted(Sort::Item), [0, 1, 2, 3]);
        assert_eq!(sorted(Sort::Result), [2, 1, 3, 0]);
        assert_eq!(sorted(Sort::Elapsed), [3, 2, 1, 0]);
    }

    #[test]
    fn tables_quote_what_needs_it() {
        let items = [item(1, json!([1, 2]))];
        let items: Vec<&ItemRun> = items.iter().collect();
        let csv = as_csv(&items);
        assert_eq!(csv.lines().nth(1), Some("1,succeeded,8,,\"[1,2]\",,1,\"a,b\""));
        let line: Value = serde_json::from_str(&as_jsonl(&items)).unwrap();
        assert_eq!(line["result"], json!([1, 2]));
    }
}
