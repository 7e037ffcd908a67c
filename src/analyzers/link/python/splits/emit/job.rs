//! What the driver is told: which function, with what, and the steps of all that are split.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Emitted, EmittedFunction};
use crate::model::{NotFound, Project, Split, is_named, look_up};

impl Emitted {
    /// The function by its name or an ending of it that only one has; otherwise why not.
    pub fn choose(&self, project: &Project, wanted: &str) -> Result<&EmittedFunction, String> {
        let names = self.functions.iter().map(|function| &*function.name);
        let found = match look_up(names, wanted) {
            Ok(found) => self.functions.iter().find(|function| &*function.name == found),
            Err(NotFound(several)) if !several.is_empty() => {
                return Err(NotFound(several).say(wanted, ""));
            }
            Err(_) => None,
        };
        let is_it = |split: &&Split| split.refused.is_some() && is_named(&split.function, wanted);
        let refused = || project.splits.iter().find(is_it)?.refused.as_ref();
        found.ok_or_else(|| match refused() {
            Some(refusal) => {
                format!("{wanted} cannot be split: {} (line {})", refusal.reason, refusal.line)
            }
            None => format!("{wanted} does not suspend; `metascope splits` lists what does"),
        })
    }

    /// A job for the driver or the stepper. `root` is the project's folder, `input` the arguments
    /// by parameter.
    pub fn job(&self, chosen: &EmittedFunction, root: &str, input: &Value) -> Value {
        json!({
            "module": &*chosen.module,
            "path": self.import_paths(root),
            "beside": self.own_folders(root),
            "function": &*chosen.name,
            "input": input,
            "entities": self.entities,
            "functions": self.functions.iter().map(EmittedFunction::to_json).collect::<Vec<_>>(),
        })
    }

    /// The folders that the files lie in: a program started there finds its neighbours.
    fn own_folders(&self, root: &str) -> BTreeSet<String> {
        let folder = |function: &EmittedFunction| {
            let (folder, _) = function.file.rsplit_once('/')?;
            Some(format!("{}/{folder}", root.trim_end_matches('/')))
        };
        self.functions.iter().filter_map(folder).collect()
    }

    /// The folders that the modules are imported from.
    fn import_paths(&self, root: &str) -> Vec<String> {
        let mut paths = Vec::new();
        for function in &self.functions {
            let module = function.module.replace('.', "/");
            let stem = function.file.strip_suffix(".py").unwrap_or(&function.file);
            let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
            let folder = stem.strip_suffix(module.as_str()).unwrap_or_default();
            let path = format!("{}/{}", root.trim_end_matches('/'), folder.trim_end_matches('/'));
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }
}
