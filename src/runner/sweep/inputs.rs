//! The inputs of a sweep: from a file, from a grid, or every row of the one with every point of
//! the other.

use std::path::Path;

use serde_json::{Map, Value};

use super::csv;
use crate::model::SweepRequest;
use crate::runner::arguments::read_argument;

/// More than this is a mistake in the grid.
const MOST: usize = 100_000;

/// All inputs, each upon what `base` says.
pub fn inputs(sweep: &SweepRequest, base: &Value, schema: &Value) -> Result<Vec<Value>, String> {
    let base = match base {
        Value::Object(base) => base.clone(),
        _ => return Err("the input of a sweep is an object by parameter".into()),
    };
    let mut all = vec![base];
    if let Some(file) = &sweep.file {
        let rows = read_file(file, schema)?;
        all = rows.iter().flat_map(|row| all.iter().map(|base| joined(base, row))).collect();
    }
    for (name, values) in axes(sweep.grid.as_deref().unwrap_or_default(), schema)? {
        if all.len().saturating_mul(values.len()) > MOST {
            return Err(format!("more than {MOST} inputs"));
        }
        let with = |base: &Map<String, Value>, value: &Value| {
            let mut whole = base.clone();
            whole.insert(name.clone(), value.clone());
            whole
        };
        all = all.iter().flat_map(|base| values.iter().map(|it| with(base, it))).collect();
    }
    if all.len() > MOST {
        return Err(format!("more than {MOST} inputs"));
    }
    Ok(all.into_iter().map(Value::Object).collect())
}

fn joined(base: &Map<String, Value>, row: &Map<String, Value>) -> Map<String, Value> {
    let mut whole = base.clone();
    whole.extend(row.iter().map(|(name, value)| (name.clone(), value.clone())));
    whole
}

fn read_file(file: &str, schema: &Value) -> Result<Vec<Map<String, Value>>, String> {
    let text = match file {
        "-" => std::io::read_to_string(std::io::stdin()),
        file => std::fs::read_to_string(file),
    };
    let text = text.map_err(|error| format!("{file} cannot be read: {error}"))?;
    let rows = match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("csv") => of_csv(&text, schema),
        _ if text.trim_start().starts_with('[') => of_array(&text),
        _ => of_lines(&text),
    };
    let rows = rows.map_err(|why| format!("{file}: {why}"))?;
    if rows.is_empty() {
        return Err(format!("{file} has no inputs"));
    }
    Ok(rows)
}

fn of_array(text: &str) -> Result<Vec<Map<String, Value>>, String> {
    serde_json::from_str(text).map_err(|error| format!("not an array of objects: {error}"))
}

fn of_lines(text: &str) -> Result<Vec<Map<String, Value>>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))
    };
    lines.map(row).collect()
}

/// A header of parameters, then a row per input. An empty field is not given.
fn of_csv(text: &str, schema: &Value) -> Result<Vec<Map<String, Value>>, String> {
    let mut records = csv::parse(text)?.into_iter();
    let Some(header) = records.next() else { return Ok(Vec::new()) };
    let row = |(at, record): (usize, Vec<String>)| {
        if record.len() > header.len() {
            return Err(format!("row {} has more fields than the header", at + 1));
        }
        let given = header.iter().zip(record).filter(|(_, text)| !text.is_empty());
        Ok(given.map(|(name, text)| (name.trim().to_owned(), read(name, &text, schema))).collect())
    };
    records.enumerate().map(row).collect()
}

fn read(name: &str, text: &str, schema: &Value) -> Value {
    let property = schema.get("properties").and_then(|all| all.get(name.trim()));
    read_argument(text, property, schema)
}

/// `k=1..10,j=a|b`: names with their values. A range includes both ends; `1..10..3` has steps.
pub fn axes(grid: &str, schema: &Value) -> Result<Vec<(String, Vec<Value>)>, String> {
    let mut axes: Vec<(String, Vec<Value>)> = Vec::new();
    for part in grid.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, values) = part
            .split_once('=')
            .ok_or_else(|| format!("{part}: write NAME=1..10 or NAME=a|b in a grid"))?;
        let name = name.trim();
        if axes.iter().any(|(known, _)| known == name) {
            return Err(format!("{name} is in the grid twice"));
        }
        let values = match range(values)? {
            Some(range) => range,
            None => values.split('|').map(|text| read(name, text.trim(), schema)).collect(),
        };
        axes.push((name.to_owned(), values));
    }
    Ok(axes)
}

/// The whole numbers of `1..10` or `1..10..3`; `None` for what is no range.
fn range(text: &str) -> Result<Option<Vec<Value>>, String> {
    let numbers: Option<Vec<i64>> = text.split("..").map(|part| part.trim().parse().ok()).collect();
    let (first, last, step) = match numbers.as_deref() {
        Some([first, last]) => (*first, *last, 1),
        Some([first, last, step]) => (*first, *last, *step),
        _ => return Ok(None),
    };
    if step < 1 || last < first {
        return Err(format!("{text} is empty: write it from the least to the greatest"));
    }
    let count = (last.abs_diff(first) / step.unsigned_abs()) as usize;
    if count >= MOST {
        return Err(format!("more than {MOST} inputs"));
    }
    Ok(Some((0..=count as i64).map(|at| Value::from(first + at * step)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({"properties": {"k": {"type": "integer"}, "j": {"type": "string"}}})
    }

    fn of_grid(grid: &str) -> Result<Vec<Value>, String> {
        let sweep = SweepRequest { grid: Some(grid.into()), ..SweepRequest::default() };
        inputs(&sweep, &json!({"base": true}), &schema())
    }

    #[test]
    fn a_grid_is_every_combination() {
        let found = of_grid("k=1..2, j=5|b").unwrap();
        assert_eq!(
            found,
            [
                json!({"base": true, "k": 1, "j": "5"}),
                json!({"base": true, "k": 1, "j": "b"}),
                json!({"base": true, "k": 2, "j": "5"}),
                json!({"base": true, "k": 2, "j": "b"}),
            ]
        );
        let steps = of_grid("k=-1..7..4").unwrap();
        let steps: Vec<&Value> = steps.iter().map(|input| &input["k"]).collect();
        assert_eq!(steps, [&json!(-1), &json!(3), &json!(7)]);
        assert_eq!(of_grid("j=1.5|2..x").unwrap()[1]["j"], "2..x");
        for wrong in ["k", "k=5..1", "k=1..5..0", "k=1,k=2", "k=1..99999,j=1..99999"] {
            assert!(of_grid(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_hold_an_input_a_row() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let file = Some(path.to_string_lossy().into_owned());
            let sweep = SweepRequest { file, ..SweepRequest::default() };
            inputs(&sweep, &json!({}), &schema())
        };
        let expected = [json!({"k": 1, "j": "07"}), json!({"k": 2})];
        assert_eq!(read("a.csv", "k,j\n1,07\n2,\n").unwrap(), expected);
        assert_eq!(read("a.jsonl", "{\"k\": 1, \"j\": \"07\"}\n\n{\"k\": 2}\n").unwrap(), expected);
        assert_eq!(read("a.json", "[{\"k\": 1, \"j\": \"07\"}, {\"k\": 2}]").unwrap(), expected);
        assert!(read("b.jsonl", "{\"k\": 1}\n{").unwrap_err().contains("line 2"));
        assert!(read("b.csv", "k\n1,2\n").is_err() && read("c.csv", "k\n").is_err());
    }
}
