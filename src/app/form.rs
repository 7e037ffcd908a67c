//! Forms made from JSON Schema: typed controls, defaults, errors at their field.

mod kinds;
mod settings;

use serde_json::{Map, Value};

use super::input::Input;
use super::key::Key;
use crate::model::{ExecutorKind, Limits, Name, RunRequest, SweepRequest, Task};
use crate::runner::advice::Suggestion;
use crate::runner::{self, sweep};

pub use kinds::{Kind, duration, type_name};
use kinds::{commas, kind, label};

/// The form of one task. Its last fields say how to run rather than with what.
#[derive(Debug, Clone)]
pub struct Form {
    pub task: Name,
    pub fields: Vec<Field>,
    /// The field keys act on.
    pub cursor: usize,
    /// The text of the field under the cursor while it is being typed.
    pub typing: Option<Input>,
    /// What is wrong with the input as a whole.
    pub problems: Vec<String>,
    schema: Value,
    purpose: Purpose,
}

/// What the input is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Run,
    /// A split function that is stepped through: there is nothing to set.
    Step,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// The type as a reader would write it.
    pub type_: String,
    pub doc: Option<String>,
    pub required: bool,
    pub default: Option<Value>,
    pub kind: Kind,
    /// `null` is a value.
    pub nullable: bool,
    /// What was typed; empty means not given.
    pub text: String,
    pub error: Option<String>,
    /// Errors are shown once the user has been here.
    pub touched: bool,
    pub part: Part,
}

/// What a field is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Input,
    HowToRun,
    /// Which inputs to run it with instead of one.
    Sweep,
}

const EXECUTOR: &str = "executor";
const TIMEOUT: &str = "timeout";
const SWEEP: &str = "sweep";
const GRID: &str = "grid";
const JOBS: &str = "jobs";
const KEEP_GOING: &str = "keep-going";
const YES: &str = "yes";
/// Values of an axis that are judged while it is typed; each run judges its own input again.
const JUDGED: usize = 100;

impl Form {
    pub fn new(task: &Task) -> Self {
        let mut form = Self::of_inputs(&task.id, task.input_schema.clone());
        form.fields.extend(settings::how_to_run());
        if task.registrar.as_deref() != Some("workflow") {
            form.fields.extend(settings::sweep());
        }
        form.purpose = Purpose::Run;
        form
    }

    /// The form for a call of a split function.
    pub fn of_inputs(function: &Name, schema: Value) -> Self {
        let required: Vec<&str> = schema["required"]
            .as_array()
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let fields: Vec<Field> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, property)| {
                Field::new(name, property, &schema, required.contains(&name.as_str()))
            })
            .collect();
        Self {
            task: function.clone(),
            fields,
            cursor: 0,
            typing: None,
            problems: Vec::new(),
            schema,
            purpose: Purpose::Step,
        }
    }

    /// Whether it has the same fields as another.
    pub fn asks_as(&self, other: &Self) -> bool {
        self.schema == other.schema
    }

    /// Fills in one field.
    pub fn put(&mut self, name: &str, value: &Value) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            field.text = field.show(value);
        }
        self.check();
    }

    /// A form for the task as it is now, with what was typed into `self` where fields remain.
    pub fn renewed(&self, task: &Task) -> Self {
        let mut form = Self::new(task);
        for field in &mut form.fields {
            if let Some(old) =
                self.fields.iter().find(|old| old.name == field.name && old.part == field.part)
            {
                field.text.clone_from(&old.text);
                field.touched = old.touched;
            }
        }
        form.cursor = self.cursor.min(form.fields.len().saturating_sub(1));
        form.typing.clone_from(&self.typing);
        form.check();
        form
    }

    /// Says at the settings what earlier runs suggest; nothing is filled in.
    pub fn advise(&mut self, suggestions: &[Suggestion]) {
        for found in suggestions {
            let is_it = |field: &&mut Field| field.is_setting() && field.name == found.setting;
            if let Some(field) = self.fields.iter_mut().find(is_it) {
                field.doc = Some(format!("suggested: {}, {}", found.value, found.why));
            }
        }
    }

    pub fn is_for(&self, task: &Task) -> bool {
        self.schema == task.input_schema
    }

    /// Fills in an earlier input.
    pub fn fill(&mut self, request: &RunRequest) {
        for field in &mut self.fields {
            if field.is_setting() {
                continue;
            }
            let value = request.input.get(&field.name);
            field.text = value.map(|value| field.show(value)).unwrap_or_default();
        }
        self.cursor = 0;
        self.set(EXECUTOR, request.executor.as_str());
        if let Some(timeout) = request.limits.timeout_ms {
            let shown = match timeout % 1000 {
                0 => format!("{}s", timeout / 1000),
                _ => format!("{timeout}ms"),
            };
            self.set(TIMEOUT, &shown);
        }
        let swept = request.sweep.clone().unwrap_or_default();
        self.set(SWEEP, swept.file.as_deref().unwrap_or_default());
        self.set(GRID, swept.grid.as_deref().unwrap_or_default());
        self.set(JOBS, &swept.jobs.map(|jobs| jobs.to_string()).unwrap_or_default());
        self.set(KEEP_GOING, if swept.keep_going { YES } else { "" });
        self.check();
    }

    fn set(&mut self, name: &str, text: &str) {
        if let Some(field) = self.fields.iter_mut().find(|f| f.is_setting() && f.name == name) {
            text.clone_into(&mut field.text);
        }
    }

    fn setting(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|field| field.is_setting() && field.name == name);
        field.map_or("", |field| field.text.trim())
    }

    /// The sweep that is asked for, if any.
    fn sweep(&self) -> Option<SweepRequest> {
        let given = |name: &str| Some(self.setting(name).to_owned()).filter(|it| !it.is_empty());
        let (file, grid) = (given(SWEEP), given(GRID));
        (file.is_some() || grid.is_some()).then(|| SweepRequest {
            file,
            grid,
            jobs: self.setting(JOBS).parse().ok(),
            keep_going: self.setting(KEEP_GOING) == YES,
        })
    }

    /// Judges the axes of the grid; hands back the parameters they give.
    fn check_grid(&mut self) -> Result<Vec<String>, String> {
        let axes = sweep::axes(self.setting(GRID), &self.schema)?;
        for (name, values) in &axes {
            for value in values.iter().take(JUDGED) {
                let input = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
                let errors = runner::validate(&self.schema, &input).unwrap_or_default();
                let own = errors.into_iter().find(|error| top(&error.path) == *name);
                if let Some(error) = own {
                    return Err(format!("{name}={}: {}", label(value), error.message));
                }
            }
        }
        Ok(axes.into_iter().map(|(name, _)| name).collect())
    }

    /// Judges all fields; hands back the input when nothing is wrong.
    pub fn check(&mut self) -> Option<Value> {
        self.problems.clear();
        let mut input = Map::new();
        let mut sound = true;
        for field in &mut self.fields {
            field.error = None;
            match field.value() {
                Ok(Some(value)) if !field.is_setting() => {
                    input.insert(field.name.clone(), value);
                }
                Ok(_) => {}
                Err(message) => {
                    field.error = Some(message);
                    sound = false;
                }
            }
        }
        let input = Value::Object(input);
        let swept = self.check_grid();
        let is_from_file = !self.setting(SWEEP).is_empty();
        if let Err(why) = &swept
            && let Some(field) =
                self.fields.iter_mut().find(|f| f.part == Part::Sweep && f.name == GRID)
        {
            field.error = Some(why.clone());
            sound = false;
        }
        let swept = swept.unwrap_or_default();
        // A schema that cannot be used is the analyzer's fault: the worker judges the input then.
        for error in runner::validate(&self.schema, &input).unwrap_or_default() {
            let name = top(&error.path);
            let is_missing = input.get(&name).is_none();
            if is_missing && (is_from_file || swept.contains(&name)) {
                continue;
            }
            let rest = error.path.get(name.len() + 1..).filter(|rest| !rest.is_empty());
            let message = match rest {
                Some(rest) => format!("{}: {}", rest.trim_start_matches('/'), error.message),
                None => error.message,
            };
            sound = false;
            match self.fields.iter_mut().find(|f| !f.is_setting() && f.name == name) {
                Some(field) if field.error.is_none() => field.error = Some(message),
                Some(_) => {}
                None => self.problems.push(format!("{name} {message}").trim().to_owned()),
            }
        }
        sound.then_some(input)
    }

    /// The input, when the form is in order; otherwise the cursor goes to the first error.
    pub fn input(&mut self) -> Option<Value> {
        self.fields.iter_mut().for_each(|field| field.touched = true);
        let input = self.check();
        if input.is_none()
            && let Some(at) = self.fields.iter().position(|field| field.error.is_some())
        {
            self.cursor = at;
        }
        input
    }

    /// The request, when the form is in order.
    pub fn request(&mut self) -> Option<RunRequest> {
        let input = self.input()?;
        let executor = match self.setting(EXECUTOR) {
            "docker" => ExecutorKind::Docker,
            "swarm" => ExecutorKind::Swarm,
            _ => ExecutorKind::Thread,
        };
        let timeout_ms = duration(self.setting(TIMEOUT)).ok().flatten();
        let limits = Limits { timeout_ms, ..Limits::default() };
        Some(RunRequest { task: self.task.clone(), executor, input, limits, sweep: self.sweep() })
    }

    /// The command line that does the same.
    pub fn command_line(&self) -> String {
        if self.purpose == Purpose::Step {
            let given = self.fields.iter();
            let given = given.filter_map(|field| Some((field.name.clone(), field.value().ok()??)));
            let input = Value::Object(given.collect()).to_string();
            return format!("metascope splits . --run {} --input {}", self.task, quote(&input));
        }
        let mut line = format!("metascope run . {}", quote(&self.task));
        for field in self.fields.iter().filter(|field| !field.text.trim().is_empty()) {
            match (field.is_setting(), field.value()) {
                (true, Ok(_)) if field.name == EXECUTOR && field.text == "thread" => {}
                (true, Ok(_)) if field.name == KEEP_GOING => {
                    line.push_str(if field.text == YES { " --keep-going" } else { "" });
                }
                (true, _) => line.push_str(&format!(" --{} {}", field.name, quote(&field.text))),
                (false, Ok(Some(value))) => {
                    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    line.push_str(" --arg ");
                    line.push_str(&quote(&format!("{}={shown}", field.name)));
                }
                (false, _) => {}
            }
        }
        line
    }

    pub fn field(&self) -> Option<&Field> {
        self.fields.get(self.cursor)
    }

    pub fn move_by(&mut self, fields: isize) {
        let last = self.fields.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(fields).min(last);
    }

    /// Starts typing into the field, or takes its next choice.
    pub fn edit(&mut self) {
        let Some(field) = self.fields.get(self.cursor) else { return };
        match field.kind {
            Kind::Choice(_) => self.next_choice(),
            _ => self.typing = Some(Input::new(&field.text)),
        }
    }

    /// The next of the field's choices, then "not given" where that is allowed.
    pub fn next_choice(&mut self) {
        let Some(field) = self.fields.get_mut(self.cursor) else { return };
        let Kind::Choice(options) = &field.kind else { return };
        let labels: Vec<String> = options.iter().map(label).collect();
        let at = labels.iter().position(|label| *label == field.text);
        let next = at.map_or(0, |at| at + 1);
        field.text = match labels.get(next) {
            Some(label) => label.clone(),
            None if field.required || field.is_setting() => {
                labels.first().cloned().unwrap_or_default()
            }
            None => String::new(),
        };
        field.touched = true;
        self.check();
    }

    pub fn type_key(&mut self, key: Key) {
        if let Some(input) = &mut self.typing {
            input.key(key);
        }
        self.preview();
    }

    pub fn paste(&mut self, text: &str) {
        if let Some(input) = &mut self.typing {
            input.insert(text);
        }
        self.preview();
    }

    /// Judges what is being typed without giving up what was there.
    fn preview(&mut self) {
        let (Some(input), Some(field)) = (&self.typing, self.fields.get_mut(self.cursor)) else {
            return;
        };
        let kept = std::mem::replace(&mut field.text, input.text().to_owned());
        self.check();
        if let Some(field) = self.fields.get_mut(self.cursor) {
            field.text = kept;
        }
    }

    /// Ends typing; `keep` says whether what was typed counts.
    pub fn end_typing(&mut self, keep: bool) {
        let Some(input) = self.typing.take() else { return };
        if let Some(field) = self.fields.get_mut(self.cursor)
            && keep
        {
            field.text = input.text().to_owned();
            field.touched = true;
        }
        self.check();
    }
}

impl Field {
    fn new(name: &str, property: &Value, root: &Value, required: bool) -> Self {
        let (kind, nullable) = kind(property, root, 0);
        let text = |key: &str| property.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            name: name.to_owned(),
            type_: type_name(property, root, 0),
            doc: text("description"),
            required,
            default: property.get("default").cloned(),
            kind,
            nullable,
            text: String::new(),
            error: None,
            touched: false,
            part: Part::Input,
        }
    }

    /// The JSON value of what was typed; `None` when nothing was.
    pub fn value(&self) -> Result<Option<Value>, String> {
        let text = self.text.trim();
        if self.is_setting() && self.name == TIMEOUT {
            return duration(text).map(|_| None);
        }
        if self.is_setting() && self.name == JOBS && text.parse::<u32>() == Ok(0) {
            return Err("at least one must run".into());
        }
        if text.is_empty() {
            return Ok(None);
        }
        if self.nullable && text == "null" {
            return Ok(Some(Value::Null));
        }
        self.kind.read(&self.text).map(Some)
    }

    /// Not part of the input.
    pub fn is_setting(&self) -> bool {
        self.part != Part::Input
    }

    /// A value as it would be typed.
    fn show(&self, value: &Value) -> String {
        match (&self.kind, value) {
            (Kind::Text, Value::String(text)) if !text.trim().is_empty() && text != "null" => {
                text.clone()
            }
            (Kind::Choice(_), value) => label(value),
            (Kind::List(item), Value::Array(values)) => commas(item, values),
            (_, value) => value.to_string(),
        }
    }

    /// What stands in an empty field: the default, or what happens without a value.
    pub fn placeholder(&self) -> String {
        match &self.default {
            Some(default) => label(default),
            None if self.is_setting() => self.doc.clone().unwrap_or_default(),
            None if self.required => "required".into(),
            None => "not given".into(),
        }
    }
}

/// The parameter that a JSON Pointer leads into.
fn top(path: &str) -> String {
    let name = path.split('/').nth(1).unwrap_or_default();
    name.replace("~1", "/").replace("~0", "~")
}

/// A word for a POSIX shell.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests;
