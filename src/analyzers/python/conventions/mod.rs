//! What frameworks do where no mechanism can be seen, as data: one TOML file per area, and those
//! a project adds under `.metascope/conventions/`. A convention matches by resolved dotted names,
//! so a local function that merely bears a framework's name is left alone.
//!
//! `callee`, `base` and the like may hold braces: `a.{b,c}` stands for `a.b` and `a.c`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::{Diagnostic, LineIndex, Manifest, Name, Severity};

const FILES: &[&str] = &[
    include_str!("cli.toml"),
    include_str!("data.toml"),
    include_str!("django.toml"),
    include_str!("tasks.toml"),
    include_str!("testing.toml"),
    include_str!("web.toml"),
];

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Conventions {
    pub call: Vec<Call>,
    pub subclass: Vec<Subclass>,
    pub function: Vec<Function>,
    pub module: Vec<Module>,
    pub prefix: Vec<Prefix>,
    pub entity: Vec<EntityMark>,
    pub prompt_language: Vec<PromptLanguage>,
}

/// Calls and decorators that register.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub callee: String,
    /// Name of the container: on the receiver, in the module, or as it stands; `callee` names it
    /// by what is called.
    pub registry: String,
    #[serde(default = "register_call")]
    pub kind: String,
    /// `receiver` (the default), `module` or `project`: what has a registry of its own.
    #[serde(default = "receiver")]
    pub group: String,
    /// An argument's place or name, `name-or-0`, `attr:x`, `callee`, `task-name` or
    /// `command-name`; without one, the definition's name.
    #[serde(default)]
    pub key: String,
    /// For calls: the places or names of the argument that is registered.
    #[serde(default)]
    pub value: Vec<String>,
}

/// Classes below a base outside the project.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subclass {
    pub base: String,
    pub registry: String,
    #[serde(default)]
    pub key: String,
}

/// Functions that a tool finds by file and name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    pub file: String,
    pub prefix: String,
    pub registry: String,
}

/// Modules that a framework finds by path.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    pub folder: String,
    pub symbol: String,
    pub registry: String,
}

/// Methods that a base outside the project calls by built names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefix {
    pub base: String,
    pub prefix: Vec<String>,
}

/// What marks a class as a stateful entity: `[[entity]]` with a `decorator` or a `base`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityMark {
    #[serde(default)]
    pub decorator: Option<String>,
    #[serde(default)]
    pub base: Option<String>,
}

/// A language of prompts: `[[prompt-language]]` with the decorator of its programs, and the names
/// of its words where they differ from SGLang's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptLanguage {
    pub function: String,
    #[serde(default)]
    pub words: BTreeMap<String, String>,
}

fn register_call() -> String {
    "register-call".into()
}

fn receiver() -> String {
    "receiver".into()
}

/// The embedded conventions and those the project adds. A file that does not parse adds nothing.
pub fn conventions(manifests: &[Manifest]) -> Conventions {
    static EMBEDDED: OnceLock<Conventions> = OnceLock::new();
    let mut all = EMBEDDED
        .get_or_init(|| {
            let mut all = Conventions::default();
            FILES.iter().for_each(|text| all.add(text));
            all
        })
        .clone();
    added(manifests).for_each(|file| all.add(&file.text));
    all
}

/// The conventions that the project adds, alone.
pub fn own_conventions(manifests: &[Manifest]) -> Conventions {
    let mut all = Conventions::default();
    added(manifests).for_each(|file| all.add(&file.text));
    all
}

fn added(manifests: &[Manifest]) -> impl Iterator<Item = &Manifest> {
    let is_own = |path: &str| path.contains(".metascope/conventions/") && path.ends_with(".toml");
    manifests.iter().filter(move |manifest| is_own(&manifest.path))
}

/// What is wrong with the files the project adds.
pub fn problems(manifests: &[Manifest]) -> Vec<Diagnostic> {
    let problem = |manifest: &Manifest| {
        let error = toml::from_str::<Conventions>(&manifest.text).err()?;
        let start = error.span().map_or(0, |span| span.start);
        let place = LineIndex::new(&manifest.text);
        Some(Diagnostic {
            file: manifest.path.clone(),
            line: place.line(u32::try_from(start).unwrap_or(0)),
            column: 1,
            severity: Severity::Warning,
            code: "convention".into(),
            message: format!("this file of conventions is left out: {}", error.message()),
        })
    };
    added(manifests).filter_map(problem).collect()
}

impl Conventions {
    fn add(&mut self, text: &str) {
        let Ok(mut more) = toml::from_str::<Self>(text) else { return };
        self.call.append(&mut more.call);
        self.subclass.append(&mut more.subclass);
        self.function.append(&mut more.function);
        self.module.append(&mut more.module);
        self.prefix.append(&mut more.prefix);
        self.entity.append(&mut more.entity);
        self.prompt_language.append(&mut more.prompt_language);
    }
}

/// All names a pattern with braces stands for.
pub fn expand(pattern: &str) -> Vec<Name> {
    let Some(open) = pattern.find('{') else { return vec![pattern.into()] };
    let mut depth = 0;
    let mut parts: Vec<&str> = Vec::new();
    let mut start = open + 1;
    let mut close = None;
    for (at, c) in pattern.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '{' => depth += 1,
            ',' if depth == 1 => {
                parts.push(&pattern[start..at]);
                start = at + 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    parts.push(&pattern[start..at]);
                    close = Some(at);
                    break;
                }
            }
            _ => {}
        }
    }
    let Some(close) = close else { return vec![pattern.into()] };
    let (head, tail) = (&pattern[..open], &pattern[close + 1..]);
    parts.iter().flat_map(|part| expand(&format!("{head}{part}{tail}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_parses() {
        for text in FILES {
            let parsed = toml::from_str::<Conventions>(text);
            assert!(parsed.is_ok(), "{:?}", parsed.err());
        }
        let all = conventions(&[]);
        assert!(all.call.len() > 30 && all.subclass.len() > 8);
    }

    #[test]
    fn braces_expand_and_nest() {
        let names: Vec<String> =
            expand("a.{b,c.{d,e}}.f").iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a.b.f", "a.c.d.f", "a.c.e.f"]);
        assert_eq!(expand("plain").len(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_of() {
        let manifest = |text: &str| Manifest {
            path: ".metascope/conventions/own.toml".into(),
            text: text.into(),
        };
        let other = "[[prompt-language]]\nfunction = 'x'\n";
        assert!(problems(&[manifest(other)]).is_empty());
        let found = problems(&[manifest("[[call]]\ncallee = 'a'\nregistri = 'b'\n")]);
        assert_eq!((found.len(), found[0].line), (1, 3));
        assert!(found[0].message.contains("registri"));
    }

    #[test]
    fn a_project_adds_its_own() {
        let manifest = Manifest {
            path: ".metascope/conventions/own.toml".into(),
            text: "[[call]]\ncallee = \"lib.reg\"\nregistry = \"things\"\n".into(),
        };
        let all = conventions(&[manifest]);
        assert!(all.call.iter().any(|call| call.callee == "lib.reg"));
    }
}
