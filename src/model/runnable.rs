//! What a name to be run means: a task, a workflow, or any other function.

use serde_json::json;

use super::{Flow, Language, Name, Project, Symbol, SymbolKind, Task, look_up};

/// What a name to be run means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Runnable<'p> {
    /// A task or workflow, with its schemas.
    Task(&'p Task),
    /// Another function; `analyzers::worker::task_for` makes a task of it.
    Function(&'p Symbol),
}

impl Runnable<'_> {
    pub fn id(&self) -> &Name {
        match self {
            Self::Task(task) => &task.id,
            Self::Function(symbol) => &symbol.name,
        }
    }
}

impl Project {
    /// What an id names: a task or workflow, or any module-level function by its qualified name. A
    /// last part of the name is enough where only one task, or else only one function, ends in it.
    ///
    /// # Errors
    /// When nothing or more than one thing is meant; the message names the nearest.
    pub fn runnable(&self, id: &str) -> Result<Runnable<'_>, String> {
        // Of several definitions under one name, the one that is bound in the end can be run.
        let mut named: Vec<&Task> = self.tasks.iter().filter(|task| &*task.id == id).collect();
        named.sort_by_key(|task| !task.runnable);
        if let Some(task) = named.first() {
            return Ok(Runnable::Task(task));
        }
        if let Some(workflow) = self.workflows.iter().rfind(|workflow| &*workflow.id == id) {
            return Ok(Runnable::Task(workflow));
        }
        if let Some(symbol) = self.symbols_named(id).iter().rfind(|symbol| is_function(symbol)) {
            return Ok(Runnable::Function(symbol));
        }
        let listed = || self.tasks.iter().chain(&self.workflows).map(|task| &*task.id);
        let functions = || self.symbols.iter().filter(|it| is_function(it)).map(|it| &*it.name);
        let found = look_up(listed(), id).or_else(|not| match not.0.is_empty() {
            true => look_up(functions(), id),
            false => Err(not),
        });
        match found {
            Ok(only) => self.runnable(only),
            Err(not) => Err(not.say(id, "; `metascope tasks` lists tasks and functions")),
        }
    }

    /// The flow of a workflow by its qualified name; the last one defined, as Python binds it.
    pub fn workflow(&self, id: &str) -> Option<&Flow> {
        let is_it = |flow: &&Flow| &*flow.kind == "workflow" && &*flow.name == id;
        self.flows.iter().rfind(is_it)
    }

    /// Every workflow as something to run; one with errors says which.
    pub fn runnable_workflows(&self) -> Vec<Task> {
        let flows = self.flows.iter().filter(|flow| &*flow.kind == "workflow");
        let task = |flow: &Flow| {
            let mut symbols = self.symbols_named(&flow.name).iter();
            let symbol = symbols.rfind(|it| is_function(it) && it.file == flow.file)?;
            let complaint = flow.complaint();
            Some(Task {
                line: flow.line,
                registrar: Some("workflow".into()),
                runnable: complaint.is_none() && flow.program.is_some(),
                reason: complaint.map(Into::into),
                ..self.task_of(symbol)
            })
        };
        flows.filter_map(task).collect()
    }

    fn task_of(&self, symbol: &Symbol) -> Task {
        let of_symbol = |schema: &&super::Schema| {
            schema.name == symbol.name && &*schema.kind == "function" && schema.file == symbol.file
        };
        let schema = self.schemas.iter().rfind(of_symbol);
        Task {
            id: symbol.name.clone(),
            name: symbol.short_name().into(),
            language: symbol.language,
            file: symbol.file.clone(),
            line: symbol.line,
            doc: symbol.doc.clone(),
            registrar: None,
            is_async: symbol.is_async,
            runnable: true,
            reason: None,
            input_schema: schema
                .map_or_else(|| json!({"type": "object"}), |schema| schema.json_schema.clone()),
            output_schema: json!({}),
        }
    }
}

fn is_function(symbol: &Symbol) -> bool {
    // What is nested in a function or class cannot be reached from outside.
    let is_nested = match symbol.language {
        Language::Python => symbol.name.contains('<'),
        Language::Rust => symbol.name.contains("::{"),
    };
    symbol.kind == SymbolKind::Function && !is_nested
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    fn function(name: &str) -> Symbol {
        Symbol {
            name: name.into(),
            kind: SymbolKind::Function,
            language: Language::Python,
            file: "m.py".into(),
            line: 1,
            end_line: 2,
            span: Span::default(),
            signature: None,
            doc: Some("Does it.".into()),
            is_async: false,
        }
    }

    #[test]
    fn any_function_is_found_by_its_name_or_a_clear_end_of_it() {
        let symbols = ["a.one", "a.two", "b.two", "c.threetwo"].map(function).to_vec().into();
        let project = Project { symbols, ..Project::default() };
        let found = project.runnable("a.one").unwrap();
        assert!(matches!(found, Runnable::Function(symbol) if &*symbol.name == "a.one"));
        assert_eq!(&**project.runnable("one").unwrap().id(), "a.one");
        assert_eq!(project.runnable("two").unwrap_err(), "two may mean a.two, b.two");
        assert!(project.runnable("absent").is_err());
    }
}
