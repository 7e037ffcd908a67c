//! What a build has left about calls, read and tied to the texts it was made from.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::extract::on_pool;
use super::walk::{FoundKind, Root, walk};
use super::{OpenError, Options, read};
use crate::analyzers::rust::mir;
use crate::model::{
    CallBuild, CodeSpan, CompileProblem, CompiledBody, CompiledCalls, CompiledUnit, Diagnostic,
    Language, Name, Severity, TextHash,
};

/// Rust files and their texts at one moment: taken before a build, so that what changes while it
/// runs is told from what was compiled.
pub struct RustTexts {
    root: Root,
    hashes: FxHashMap<Name, TextHash>,
}

impl RustTexts {
    /// # Errors
    /// When the path does not exist, cannot be read or is no source.
    pub fn take(path: &Path, options: &Options) -> Result<Self, OpenError> {
        let root = Root::open(path)?;
        let (found, _) = walk(&root, options);
        let is_rust = |kind| matches!(kind, FoundKind::Source(Language::Rust));
        let paths: Vec<Name> =
            found.into_iter().filter(|file| is_rust(file.kind)).map(|file| file.path).collect();
        let hashes = on_pool(|| {
            let hash = |path: Name| Some((path.clone(), hash_of(&root, &path)?));
            paths.into_par_iter().filter_map(hash).collect()
        });
        Ok(Self { root, hashes })
    }

    /// The calls that a build noted. Nothing is said of files that have changed since.
    pub fn calls(self, build: &CallBuild) -> CompiledCalls {
        let bodies: Vec<Vec<CompiledBody>> =
            on_pool(|| build.units.par_iter().map(|unit| self.bodies(unit)).collect());
        let is_same = |(path, hash): &(&Name, &TextHash)| hash_of(&self.root, path) == Some(**hash);
        let mut files: Vec<(Name, TextHash)> = on_pool(|| {
            let same = self.hashes.par_iter().filter(is_same);
            same.map(|(path, hash)| (path.clone(), *hash)).collect()
        });
        files.sort();
        let problems = build.problems.iter().map(|problem| self.diagnostic(problem)).collect();
        CompiledCalls { files, bodies: bodies.into_iter().flatten().collect(), problems }
    }

    fn bodies(&self, unit: &CompiledUnit) -> Vec<CompiledBody> {
        let root = self.relative(&unit.root).unwrap_or_default();
        let Ok(file) = File::open(&unit.mir) else { return Vec::new() };
        let Ok(mut bodies) = mir::read(BufReader::with_capacity(1 << 18, file), &root) else {
            return Vec::new();
        };
        let mut names: FxHashMap<Name, Option<Name>> = FxHashMap::default();
        let mut place = |span: &mut CodeSpan| {
            let known = names.entry(span.file.clone());
            let file = known.or_insert_with_key(|file| self.relative(&unit.base.join(&**file)));
            match file {
                Some(file) => {
                    span.file = file.clone();
                    true
                }
                None => false,
            }
        };
        for body in &mut bodies {
            body.place = body.place.take().filter(|span| {
                let mut span = span.clone();
                place(&mut span)
            });
            if let Some(span) = &mut body.place {
                place(span);
            }
            body.calls.retain_mut(|call| place(&mut call.span));
        }
        bodies.retain(|body| !body.calls.is_empty());
        bodies
    }

    fn relative(&self, path: &Path) -> Option<Name> {
        self.root.relative(path)
    }

    fn diagnostic(&self, problem: &CompileProblem) -> Diagnostic {
        let place = problem.place.as_ref();
        let file = place.and_then(|(file, ..)| self.relative(file));
        let (line, column) = match (&file, place) {
            (Some(_), Some((_, line, column))) => (*line, *column),
            _ => (1, 1),
        };
        Diagnostic {
            file: file.unwrap_or_else(|| "Cargo.toml".into()),
            line,
            column,
            severity: Severity::Warning,
            code: "not-compiled".into(),
            message: format!("calls are inferred: the crate does not compile: {}", problem.message),
        }
    }
}

/// The first half of a text's hash.
pub fn hash(text: &str) -> TextHash {
    let mut half = TextHash::default();
    half.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    half
}

fn hash_of(root: &Root, path: &Name) -> Option<TextHash> {
    let text = read::read(&root.folder.join(&**path), path, Language::Rust).ok()?;
    Some(hash(&text))
}

/// What is still true, given the texts that the files have now.
pub fn current(compiled: &CompiledCalls, now: &FxHashMap<Name, TextHash>) -> CompiledCalls {
    let files = compiled.files.iter().filter(|(path, hash)| now.get(path) == Some(hash));
    CompiledCalls { files: files.cloned().collect(), ..compiled.clone() }
}
