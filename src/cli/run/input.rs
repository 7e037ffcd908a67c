//! The input of `--input` and `--arg`.

use serde_json::{Map, Value};

use super::super::CliError;
use super::Args;
use crate::model::Task;
use crate::runner::read_argument;

/// The input object of `--input` and `--arg`.
pub fn input(args: &Args, task: &Task) -> Result<Value, CliError> {
    let text = match args.input.as_deref().map(|given| given.strip_prefix('@').ok_or(given)) {
        None => None,
        Some(Err(json)) => Some(json.to_owned()),
        Some(Ok("-")) => Some(std::io::read_to_string(std::io::stdin())?),
        Some(Ok(path)) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| CliError::Input(format!("{path} cannot be read: {error}")))?,
        ),
    };
    let mut value = match text {
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| CliError::Usage(format!("--input is not JSON: {error}")))?,
        None => Value::Object(Map::new()),
    };
    for given in &args.args {
        let (name, text) = given
            .split_once('=')
            .ok_or_else(|| CliError::Usage(format!("--arg {given}: write NAME=VALUE")))?;
        let object = value
            .as_object_mut()
            .ok_or_else(|| CliError::Usage("--arg needs an --input that is an object".into()))?;
        let schema = task.input_schema.get("properties").and_then(|all| all.get(name));
        object.insert(name.into(), read_argument(text, schema, &task.input_schema));
    }
    Ok(value)
}
