//! Judges an input by its schema.

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::model::InputError;

pub fn validate(schema: &Value, input: &Value) -> Result<Vec<InputError>, String> {
    let validator = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
    let errors = validator.iter_errors(input).map(|error| match error.kind() {
        ValidationErrorKind::Required { property } => InputError {
            path: format!("{}/{}", error.instance_path(), property.as_str().unwrap_or_default()),
            message: "is required".into(),
        },
        _ => InputError { path: error.instance_path().to_string(), message: error.to_string() },
    });
    Ok(errors.collect())
}
