//! The values of arguments, conditions and results: JSON, compared as Python compares.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::decide::Course;
use crate::model::{NodeState, RunError, Term};

/// Why a term has no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// It needs the output of a step that did not succeed.
    Needs(usize),
    /// Its evaluation failed, as an expression may in Python.
    Broken(RunError),
}

fn broken<T>(kind: &str, message: String) -> Result<T, Trouble> {
    Err(Trouble::Broken(RunError { type_: kind.into(), message, ..RunError::default() }))
}

/// The value of a term as seen from a step (or, for the result, from outside).
pub fn evaluate(course: &Course<'_>, term: &Term, from: Option<usize>) -> Result<Value, Trouble> {
    let value = |term: &Term| evaluate(course, term, from);
    match term {
        Term::Const(value) => Ok(value.clone()),
        Term::List(items) => items.iter().map(value).collect::<Result<_, _>>().map(Value::Array),
        Term::Dict(pairs) => pairs
            .iter()
            .map(|(key, term)| Ok((key.clone(), value(term)?)))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        Term::Param { name, path } => match course.parameter(name) {
            Some(value) => lookup(value, path, name),
            None => broken("TypeError", format!("the input {name} was not given")),
        },
        Term::Output { step, path } => {
            let node = &course.nodes[*step];
            if node.state != NodeState::Success {
                return Err(Trouble::Needs(*step));
            }
            let output = node.output.as_ref().unwrap_or(&Value::Null);
            lookup(output, path, &course.workflow.steps[*step].id)
        }
        Term::Success(step) => Ok((course.nodes[*step].state == NodeState::Success).into()),
        Term::Failed(step) => Ok((course.nodes[*step].state == NodeState::Failed).into()),
        Term::Error { step, path } => error_of(course, Some(*step), path),
        Term::CurrentError { path } => {
            error_of(course, from.and_then(|step| course.first_failure(step)), path)
        }
        Term::And(parts) => first(parts, value, false),
        Term::Or(parts) => first(parts, value, true),
        Term::Not(inner) => Ok((!is_true(&value(inner)?)).into()),
        Term::Compare { left, op, right } => {
            compare(&value(left)?, op, &value(right)?).map(Value::Bool)
        }
        Term::Invalid(text) => broken("SyntaxError", format!("{text} is not allowed here")),
    }
}

/// The first part whose truth ends an `and` or `or`, else the last.
fn first(
    parts: &[Term],
    value: impl Fn(&Term) -> Result<Value, Trouble>,
    ends: bool,
) -> Result<Value, Trouble> {
    let mut last = Value::Bool(!ends);
    for part in parts {
        last = value(part)?;
        if is_true(&last) == ends {
            break;
        }
    }
    Ok(last)
}

/// `None` where nothing failed, whatever of it is asked.
fn error_of(course: &Course<'_>, step: Option<usize>, path: &[Value]) -> Result<Value, Trouble> {
    let failed = step.and_then(|at| Some((at, course.nodes[at].error.as_ref()?)));
    let Some((at, error)) = failed else { return Ok(Value::Null) };
    let step = &course.workflow.steps[at];
    let whole = json!({
        "node": step.id, "task": step.task, "type": error.type_, "message": error.message,
    });
    lookup(&whole, path, "the error")
}

fn lookup(value: &Value, path: &[Value], whose: &str) -> Result<Value, Trouble> {
    let mut at = value;
    for key in path {
        let found = match (at, key) {
            (Value::Object(object), Value::String(key)) => object.get(key),
            (Value::Object(object), key) => object.get(&key.to_string()),
            (Value::Array(items), Value::Number(index)) => index.as_i64().and_then(|index| {
                let place = if index < 0 { index + items.len() as i64 } else { index };
                items.get(usize::try_from(place).ok()?)
            }),
            _ => None,
        };
        match found {
            Some(found) => at = found,
            None => {
                let kind = if at.is_array() { "IndexError" } else { "KeyError" };
                return broken(kind, format!("{whose} has no {key}"));
            }
        }
    }
    Ok(at.clone())
}

pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

fn compare(left: &Value, op: &str, right: &Value) -> Result<bool, Trouble> {
    let ordered = |accepts: fn(Ordering) -> bool| match order(left, right) {
        // Only NaN, which JSON does not have, would be neither.
        Some(ordering) => Ok(accepts(ordering)),
        None => {
            let (left, right) = (kind(left), kind(right));
            broken("TypeError", format!("{op} is not supported between {left} and {right}"))
        }
    };
    match op {
        "==" | "is" => Ok(equal(left, right)),
        "!=" | "is not" => Ok(!equal(left, right)),
        "<" => ordered(Ordering::is_lt),
        "<=" => ordered(Ordering::is_le),
        ">" => ordered(Ordering::is_gt),
        ">=" => ordered(Ordering::is_ge),
        "in" => contains(right, left),
        "not in" => contains(right, left).map(|found| !found),
        _ => broken("SyntaxError", format!("{op} is not a comparison")),
    }
}

fn contains(whole: &Value, part: &Value) -> Result<bool, Trouble> {
    match (whole, part) {
        (Value::Array(items), part) => Ok(items.iter().any(|item| equal(item, part))),
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
        (Value::Object(object), Value::String(key)) => Ok(object.contains_key(key)),
        (Value::Object(object), key) => Ok(object.contains_key(&key.to_string())),
        _ => broken("TypeError", format!("{} cannot be in {}", kind(part), kind(whole))),
    }
}

/// Numbers by value, `True` being 1; the rest by structure.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| equal(a, b))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(key, value)| right.get(key).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => left == right,
            _ => left == right,
        },
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Array(left), Value::Array(right)) => {
            let differing = left.iter().zip(right).find(|(a, b)| !equal(a, b));
            match differing {
                Some((left, right)) => order(left, right),
                None => Some(left.len().cmp(&right.len())),
            }
        }
        _ => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => number(left)?.partial_cmp(&number(right)?),
        },
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Number(number) => number.as_f64(),
        _ => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "None",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_as_python_does() {
        let is = |left: Value, op: &str, right: Value| compare(&left, op, &right).unwrap();
        assert!(is(json!(1), "==", json!(1.0)) && is(json!(true), "==", json!(1)));
        assert!(is(json!("b"), ">", json!("a")) && is(json!([1, 2]), "<", json!([1, 3])));
        assert!(is(json!("ell"), "in", json!("hello")) && is(json!("k"), "in", json!({"k": 0})));
        assert!(is(json!(2), "not in", json!([1, 3])) && is(json!(null), "is", json!(null)));
        assert!(compare(&json!("a"), "<", &json!(1)).is_err());
        assert!(compare(&json!(1), "in", &json!(2)).is_err());
        for nothing in [json!(0), json!(""), json!([]), json!({}), json!(null), json!(0.0)] {
            assert!(!is_true(&nothing), "{nothing}");
        }
    }

    #[test]
    fn a_path_leads_through_members_and_indices() {
        let value = json!({"a": [{"b": 1}, {"b": 2}], "7": "seven"});
        let found = |path: Value| lookup(&value, path.as_array().unwrap(), "x");
        assert_eq!(found(json!(["a", -1, "b"])), Ok(json!(2)));
        assert_eq!(found(json!([7])), Ok(json!("seven")));
        let missing = found(json!(["a", 5])).unwrap_err();
        assert!(matches!(missing, Trouble::Broken(error) if error.type_ == "IndexError"));
    }
}
