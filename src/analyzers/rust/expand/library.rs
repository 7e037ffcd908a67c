//! Finds the definition of a macro by its name: by the order of the text, through
//! `#[macro_use]`, imports and paths, in the project's crates and those they depend on.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::definitions::{Definition, FileIndex, ModuleLine, Position};
use super::rules::Rules;
use super::sources::{BUILT_IN, Krate, Sources, folder, lex, normal};
use super::tokens;

/// A place in a file of a crate.
#[derive(Debug, Clone)]
pub struct Place {
    pub krate: Krate,
    pub file: String,
    pub at: Position,
}

/// The arms of a macro, or why they cannot be read.
pub type Arms = Result<Rc<Rules>, String>;

/// A macro with its arms.
#[derive(Debug, Clone)]
pub struct Found {
    pub name: String,
    /// Where it is defined; no file for a macro that an expansion defines.
    pub file: Option<String>,
    pub line: u32,
    pub rules: Arms,
}

/// Following re-exports ends somewhere.
const DEPTH: u32 = 8;
/// Reads and remembers what it needs of the sources.
pub struct Library<'s> {
    sources: &'s dyn Sources,
    files: RefCell<FxHashMap<String, Rc<FileIndex>>>,
    trees: RefCell<FxHashMap<Krate, Rc<Tree>>>,
    /// Arms by file and place of the definition.
    rules: RefCell<FxHashMap<(String, Position), Arms>>,
    /// Crates that `$crate` may mean.
    known: RefCell<FxHashMap<String, Krate>>,
}

/// The files of a crate.
#[derive(Default)]
struct Tree {
    files: Vec<String>,
    /// Where the `mod` line of a file stands.
    parents: FxHashMap<String, (String, Position)>,
    /// The file of a `mod` line.
    children: FxHashMap<(String, Position), String>,
}

impl<'s> Library<'s> {
    pub fn new(sources: &'s dyn Sources) -> Self {
        Self {
            sources,
            files: RefCell::default(),
            trees: RefCell::default(),
            rules: RefCell::default(),
            known: RefCell::default(),
        }
    }

    /// The crate that a file belongs to.
    pub fn crate_of(&self, file: &str) -> Krate {
        let candidates = self.sources.crates(file);
        let holds = |krate: &&Krate| self.tree(krate).files.iter().any(|path| path == file);
        // A macro may write the `mod` line that leads to the file.
        let found = candidates.iter().find(holds).or(candidates.first()).cloned();
        let krate = found.unwrap_or_else(|| Krate { name: "crate".into(), root: file.to_owned() });
        self.known.borrow_mut().insert(krate.name.clone(), krate.clone());
        krate
    }

    /// The path of a file's module in its crate, without the crate.
    pub fn module_of(&self, krate: &Krate, file: &str) -> Vec<String> {
        let tree = self.tree(krate);
        let mut path = Vec::new();
        let mut file = file;
        while let Some((parent, at)) = tree.parents.get(file)
            && path.len() < 256
        {
            let index = self.index(parent);
            let line = index.iter().flat_map(|index| &index.modules).find(|line| line.at == *at);
            if let Some(line) = line {
                path.push(line.name.clone());
                path.extend(line.within.iter().rev().cloned());
            }
            file = parent;
        }
        path.reverse();
        if path.is_empty() && file != krate.root {
            // A macro wrote its `mod` line: the place of the file tells.
            let inner = file.strip_prefix(folder(&krate.root)).unwrap_or_default();
            let inner = inner.trim_end_matches(".rs").trim_end_matches("/mod");
            path = inner.split('/').map(str::to_owned).collect();
        }
        path
    }

    /// The macro that a path names at a place.
    ///
    /// # Errors
    /// Why there is none to be had.
    pub fn find(&self, path: &[String], place: &Place) -> Result<Found, String> {
        let Some((name, above)) = path.split_last() else { return Err("it has no name".into()) };
        let found = match above.first() {
            None => self.by_name(name, place),
            Some(first) => self.by_path(first, name, place, DEPTH),
        };
        found.ok_or_else(|| {
            if BUILT_IN.contains(&name.as_str()) {
                "built into the compiler or the standard library".into()
            } else {
                "its definition was not found as `macro_rules!`; it may be a procedural macro"
                    .into()
            }
        })
    }

    fn by_name(&self, name: &str, place: &Place) -> Option<Found> {
        self.textual(name, place)
            .or_else(|| self.imported(name, place, DEPTH))
            .or_else(|| {
                // A prelude of macros: `#[macro_use] extern crate`, in the root file.
                let root = self.index(&place.krate.root)?;
                root.macro_crates.iter().rev().find_map(|krate| {
                    let krate = self.dependency(&place.krate, krate)?;
                    self.crate_wide(name, &krate, true, DEPTH)
                })
            })
            .or_else(|| {
                if BUILT_IN.contains(&name) {
                    return None;
                }
                self.crate_wide(name, &place.krate, false, DEPTH)
            })
    }

    /// By the order of the text: in the file, then before the `mod` lines that lead to it.
    fn textual(&self, name: &str, place: &Place) -> Option<Found> {
        let (mut file, mut at) = (place.file.clone(), place.at);
        let mut tree = None;
        for _ in 0..64 {
            let index = self.index(&file)?;
            if let Some(found) = index.textual(name, at) {
                return Some(self.found(found, &file, &place.krate));
            }
            let tree = tree.get_or_insert_with(|| self.tree(&place.krate));
            if let Some(found) = self.leaked(name, &file, at, tree, &place.krate, DEPTH) {
                return Some(found);
            }
            (file, at) = tree.parents.get(&file)?.clone();
        }
        None
    }

    /// Out of the `#[macro_use] mod` lines before a place.
    fn leaked(
        &self,
        name: &str,
        file: &str,
        at: Position,
        tree: &Tree,
        krate: &Krate,
        depth: u32,
    ) -> Option<Found> {
        let index = self.index(file)?;
        let lines = index.modules.iter().rev().filter(|line| line.is_macro_use && line.at < at);
        for line in lines {
            let Some(child) = tree.children.get(&(file.to_owned(), line.at)) else { continue };
            if let Some(found) = self.index(child)?.outermost(name) {
                return Some(self.found(found, child, krate));
            }
            if depth > 0
                && let Some(found) =
                    self.leaked(name, child, (usize::MAX, 0), tree, krate, depth - 1)
            {
                return Some(found);
            }
        }
        None
    }

    /// Through the `use`s of a file.
    fn imported(&self, name: &str, place: &Place, depth: u32) -> Option<Found> {
        let depth = depth.checked_sub(1)?;
        let index = self.index(&place.file)?;
        let named = index.uses.iter().filter(|import| import.name == name);
        let all = index.uses.iter().filter(|import| import.name == "*");
        for import in named.chain(all) {
            let is_glob = import.name == "*";
            let Some((last, above)) = import.path.split_last() else { continue };
            let wanted = if is_glob { name } else { last.as_str() };
            let first =
                if is_glob { Some(import.path.first().unwrap_or(last)) } else { above.first() };
            let found = first.and_then(|first| self.by_path(first, wanted, place, depth));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn by_path(&self, first: &str, name: &str, place: &Place, depth: u32) -> Option<Found> {
        if let Some(krate) = tokens::crate_of(first) {
            let krate = self.known.borrow().get(krate).cloned()?;
            return self.crate_wide(name, &krate, false, depth);
        }
        match first {
            "std" | "core" | "alloc" => None,
            "crate" | "self" | "super" => self.crate_wide(name, &place.krate, false, depth),
            _ => match self.dependency(&place.krate, first) {
                Some(krate) => self.crate_wide(name, &krate, true, depth),
                None => self.crate_wide(name, &place.krate, false, depth),
            },
        }
    }

    /// Anywhere in a crate, or in one it re-exports the macro from.
    fn crate_wide(&self, name: &str, krate: &Krate, is_foreign: bool, depth: u32) -> Option<Found> {
        let depth = depth.checked_sub(1)?;
        let tree = self.tree(krate);
        let mut inner = None;
        for file in &tree.files {
            let Some(index) = self.index(file) else { continue };
            for found in index.macros.iter().filter(|found| found.name == name) {
                if found.is_exported {
                    return Some(self.found(found, file, krate));
                }
                if !is_foreign {
                    inner = Some((found.clone(), file.clone()));
                }
            }
        }
        if let Some((found, file)) = inner {
            return Some(self.found(&found, &file, krate));
        }
        if !is_foreign {
            for file in &tree.files {
                let index = self.index(file)?;
                if let Some(found) = index.generated.iter().find(|found| found.name == name) {
                    return Some(self.found(found, file, krate));
                }
            }
        }
        tree.files.iter().find_map(|file| {
            let index = self.index(file)?;
            index.uses.iter().find_map(|import| {
                let is_glob = import.name == "*";
                if import.name != name && !is_glob {
                    return None;
                }
                let other = self.dependency(krate, import.path.first()?)?;
                let wanted = if is_glob { name } else { import.path.last()?.as_str() };
                self.crate_wide(wanted, &other, true, depth)
            })
        })
    }

    fn dependency(&self, of: &Krate, name: &str) -> Option<Krate> {
        let krate = self.sources.dependency(of, name)?;
        self.known.borrow_mut().insert(krate.name.clone(), krate.clone());
        Some(krate)
    }

    fn found(&self, definition: &Definition, file: &str, krate: &Krate) -> Found {
        let key = (file.to_owned(), definition.at);
        let known = self.rules.borrow().get(&key).cloned();
        let rules = known.unwrap_or_else(|| {
            let read = Rules::read(definition.arms(), &krate.name).map(Rc::new);
            self.rules.borrow_mut().insert(key, read.clone());
            read
        });
        Found {
            name: definition.name.clone(),
            file: Some(file.to_owned()),
            line: definition.at.0 as u32,
            rules,
        }
    }

    fn index(&self, file: &str) -> Option<Rc<FileIndex>> {
        if let Some(index) = self.files.borrow().get(file) {
            return Some(index.clone());
        }
        let text = self.sources.text(file)?;
        let index = Rc::new(FileIndex::read(lex(&text).unwrap_or_default()));
        self.files.borrow_mut().insert(file.to_owned(), index.clone());
        Some(index)
    }

    fn tree(&self, krate: &Krate) -> Rc<Tree> {
        if let Some(tree) = self.trees.borrow().get(krate) {
            return tree.clone();
        }
        let mut tree = Tree::default();
        let mut waiting = vec![(krate.root.clone(), folder(&krate.root).to_owned())];
        while let Some((file, inside)) = waiting.pop() {
            if tree.files.contains(&file) {
                continue;
            }
            let Some(index) = self.index(&file) else { continue };
            tree.files.push(file.clone());
            for line in index.modules.iter().rev() {
                let Some((child, inner)) = self.file_of(line, &file, &inside) else { continue };
                tree.children.insert((file.clone(), line.at), child.clone());
                tree.parents.entry(child.clone()).or_insert((file.clone(), line.at));
                waiting.push((child, inner));
            }
        }
        let tree = Rc::new(tree);
        self.trees.borrow_mut().insert(krate.clone(), tree.clone());
        tree
    }

    /// The file of a `mod` line, and the folder in which its own `mod` lines look.
    fn file_of(&self, line: &ModuleLine, file: &str, inside: &str) -> Option<(String, String)> {
        let mut base = inside.to_owned();
        for name in &line.within {
            base = format!("{base}{name}/");
        }
        if let Some(path) = &line.path_attribute {
            let base = if line.within.is_empty() { folder(file) } else { &base };
            let child = normal(&format!("{base}{path}"));
            self.index(&child)?;
            let inner = folder(&child).to_owned();
            return Some((child, inner));
        }
        let inner = format!("{base}{}/", line.name);
        let candidates = [format!("{base}{}.rs", line.name), format!("{inner}mod.rs")];
        let child = candidates.into_iter().find(|child| self.index(child).is_some())?;
        Some((child, inner))
    }
}
