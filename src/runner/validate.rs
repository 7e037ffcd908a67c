//! Judges an input by its task's schema before anything starts.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError};
use serde_json::Value;

use crate::model::InputError;

/// Every bad value of `input`, with its JSON Pointer. A missing or unexpected property is named
/// by the place where it should be or is. An unusable schema is the analyzer's fault, not the
/// user's: it is returned as `Err` and accepts everything.
pub fn validate(schema: &Value, input: &Value) -> Result<Vec<InputError>, String> {
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_format("date-time", is_date_time)
        .with_format("time", is_time)
        .with_format("decimal", is_decimal)
        .build(schema)
        .map_err(|error| format!("the input schema cannot be used: {error}"))?;
    let mut errors = Vec::new();
    for error in validator.iter_errors(input) {
        explain(&error, &mut errors);
    }
    Ok(errors)
}

fn explain(error: &ValidationError<'_>, found: &mut Vec<InputError>) {
    let path = error.instance_path().as_str().to_string();
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            found.push(InputError { path: join(&path, name), message: "is required".into() });
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            found.extend(unexpected.iter().map(|name| InputError {
                path: join(&path, name),
                message: "is not a parameter of the task".into(),
            }));
        }
        // `T | None` with a value that is not null: what is wrong with it as a `T` says more.
        ValidationErrorKind::AnyOf { context } => match closest(context, &path) {
            Some(branch) => branch.iter().for_each(|inner| explain(inner, found)),
            None => found.push(InputError { path, message: error.to_string() }),
        },
        _ => found.push(InputError { path, message: error.to_string() }),
    }
}

/// The one alternative that fails deeper than at the value's own type.
fn closest<'e>(
    context: &'e [Vec<ValidationError<'static>>],
    path: &str,
) -> Option<&'e [ValidationError<'static>]> {
    let is_other_type = |error: &ValidationError<'_>| {
        matches!(error.kind(), ValidationErrorKind::Type { .. })
            && error.instance_path().as_str() == path
    };
    let mut fitting = context.iter().filter(|branch| !branch.iter().any(is_other_type));
    let only = fitting.next()?;
    fitting.next().is_none().then_some(only.as_slice())
}

fn join(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// RFC 3339, or the same without an offset: a naive `datetime` is a value like any other.
fn is_date_time(text: &str) -> bool {
    let has_both = text.len() > 10 && matches!(text.as_bytes()[10], b'T' | b't' | b' ');
    has_both
        && (text.parse::<jiff::Timestamp>().is_ok()
            || text.parse::<jiff::civil::DateTime>().is_ok())
}

fn is_time(text: &str) -> bool {
    let clock = text.trim_end_matches(['Z', 'z']);
    let clock = clock.find(['+', '-']).map_or(clock, |offset| &clock[..offset]);
    clock.contains(':') && clock.parse::<jiff::civil::Time>().is_ok()
}

fn is_decimal(text: &str) -> bool {
    let special = ["nan", "inf", "infinity"];
    let unsigned = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    special.contains(&unsigned.as_str())
        || (unsigned.parse::<f64>().is_ok()
            && unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn errors(schema: Value, input: Value) -> Vec<(String, String)> {
        let found = validate(&schema, &input).expect("a usable schema");
        found.into_iter().map(|error| (error.path, error.message)).collect()
    }

    #[test]
    fn names_the_place_of_every_bad_value() {
        let schema = json!({
            "type": "object",
            "properties": {
                "x": {"type": "integer"},
                "items": {"type": "array", "items": {"type": "object",
                    "properties": {"price": {"type": "number", "minimum": 0}}, "required": ["price"]}},
            },
            "required": ["x", "items"],
            "additionalProperties": false,
        });
        let input = json!({"x": true, "items": [{"price": 2}, {"price": -1}, {}], "a/b": 1});
        let paths: Vec<String> = errors(schema, input).into_iter().map(|(path, _)| path).collect();
        for path in ["/x", "/items/1/price", "/items/2/price", "/a~1b"] {
            assert!(paths.iter().any(|found| found == path), "{path} in {paths:?}");
        }
        assert_eq!(paths.len(), 4);
    }

    #[test]
    fn an_optional_value_is_explained_by_its_own_type() {
        let schema = json!({"type": "object", "properties": {
            "user": {"anyOf": [
                {"type": "object", "properties": {"age": {"type": "integer"}}}, {"type": "null"}]}}});
        let found = errors(schema.clone(), json!({"user": {"age": "x"}}));
        assert_eq!(found[0].0, "/user/age");
        assert_eq!(errors(schema, json!({"user": 3}))[0].0, "/user");
    }

    #[test]
    fn formats_follow_what_the_languages_accept() {
        let check = |format: &str, text: &str| {
            errors(json!({"type": "string", "format": format}), json!(text)).is_empty()
        };
        assert!(
            check("date-time", "2024-02-29T10:00:00") && check("date-time", "2024-02-29T10:00:00Z")
        );
        assert!(!check("date-time", "2023-02-29T10:00:00") && !check("date-time", "2024-02-29"));
        assert!(check("date", "2024-02-29") && !check("date", "2023-02-29"));
        assert!(
            check("time", "10:30:00")
                && check("time", "10:30:00+02:00")
                && !check("time", "25:00:00")
        );
        assert!(check("uuid", "123e4567-e89b-12d3-a456-426614174000") && !check("uuid", "no"));
        assert!(check("decimal", "-1.50") && !check("decimal", "one"));
    }
}
