//! What imported names and attributes of modules lead to.

use std::rc::Rc;

use super::program::Program;
use super::solver::{Hidden, Site, Solver};
use super::values::{How, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;

/// How many re-exports an import is followed through.
const MAX_HOPS: u32 = 12;

/// One thing that a dotted name brings.
#[derive(Debug, Clone, Copy)]
pub enum Brought {
    Is(Value),
    /// What a variable holds.
    Flow(Var),
    /// Whatever the module-level `__getattr__` of a file makes of a name; `true` when the place
    /// that asks calls it, and not an import on the way.
    Hook(u32, Sym, bool),
    /// An attribute of what the module named first leads to, found after so many hops.
    Attribute(Sym, Sym, u32),
}

impl<'a> Solver<'a, '_> {
    /// What an import brings: a module, a name of one, or something outside.
    ///
    /// `from m import x` asks `m` for `__path__` first, so a module-level `__getattr__` of what is
    /// no package runs even when `x` is there.
    pub fn import(&mut self, origin: Sym, to: Var, site: Site) {
        let text = self.syms.text(origin).to_owned();
        if site != 0
            && let Some((module, _)) = text.rsplit_once('.')
            && let Some(found) = self.program.modules.get(module).copied()
            && !self.program.files[found as usize].python.facts.is_package
        {
            let path = self.syms.borrow("__path__");
            self.module_hook(found, path, 0, site);
        }
        self.import_name(&text, to, 0);
    }

    /// `import_module(name)`; a relative name climbs from the package of the file that asks.
    pub fn import_dynamically(&mut self, name: ValueId, to: Var, site: Site) {
        let Value::Text(name) = self.values.get(name) else { return };
        let name = self.syms.text(name);
        let level = name.len() - name.trim_start_matches('.').len();
        let mut whole = name.trim_start_matches('.').to_owned();
        if level > 0 {
            let Some((file, _)) = self.file_of_site(site) else { return };
            let facts = self.program.files[file as usize].python.facts;
            let mut package: &str = &facts.module;
            for _ in usize::from(facts.is_package)..level {
                package = package.rsplit_once('.').map_or("", |(above, _)| above);
            }
            whole = format!("{package}.{whole}");
        }
        let is_known =
            self.program.modules.contains_key(&*whole) || self.program.packages.contains(&*whole);
        if is_known {
            let module = self.syms.own(whole);
            self.add(to, Value::Module(module));
        }
    }

    fn import_name(&mut self, origin: &str, to: Var, hops: u32) {
        let mut found = Vec::new();
        self.look_up(origin, hops, &mut found);
        found.iter().for_each(|one| self.bring(*one, to, 0));
    }

    fn bring(&mut self, brought: Brought, to: Var, site: Site) {
        match brought {
            Brought::Is(value) => self.add(to, value),
            Brought::Flow(var) => self.graph.edge(var, to),
            Brought::Hook(file, attr, is_direct) => {
                self.module_hook(file, attr, to, if is_direct { site } else { 0 });
            }
            Brought::Attribute(module, attr, hops) => {
                // `pkg.mod.Class.attr`: look the rest up on what the front is.
                let front = self.graph.var();
                let module = self.syms.text(module).to_owned();
                self.import_name(&module, front, hops);
                let name = self.graph.var();
                self.add(name, Value::Text(attr));
                self.hide(front, Hidden::DynamicLoad { base: front, name, to, site: 0 });
            }
        }
    }

    /// Finds what a dotted name leads to, through star imports.
    fn look_up(&mut self, origin: &str, hops: u32, found: &mut Vec<Brought>) {
        let program = self.program;
        if program.modules.contains_key(origin) || program.packages.contains(origin) {
            let module = self.syms.own(origin.to_owned());
            found.push(Brought::Is(Value::Module(module)));
        }
        let Some((module, name)) = origin.rsplit_once('.') else {
            if !is_ours(program, origin) {
                let name = self.syms.own(origin.to_owned());
                found.push(Brought::Is(Value::External(name)));
            }
            return;
        };
        if let Some(file) = program.modules.get(module) {
            let sym = self.syms.own(name.to_owned());
            if let Some(var) = program.globals.get(&(*file, sym)) {
                found.push(Brought::Flow(*var));
                return;
            }
            if hops < MAX_HOPS {
                let names = &program.files[*file as usize].python.facts.names;
                for star in &names.stars {
                    if program.modules.contains_key(&**star) {
                        self.look_up(&format!("{star}.{name}"), hops + 1, found);
                    } else if !program.modules.contains_key(origin) && !is_ours(program, star) {
                        let sym = self.syms.own(format!("{star}.{name}"));
                        found.push(Brought::Is(Value::External(sym)));
                    }
                }
            }
            if program.globals.contains_key(&(*file, self.known.getattr)) {
                found.push(Brought::Hook(*file, sym, false));
            }
        } else if is_ours(program, module) {
            // A name of a package without an `__init__` that is no module: nothing to find.
            if !program.packages.contains(module) && hops < MAX_HOPS {
                let attr = self.syms.own(name.to_owned());
                let module = self.syms.own(module.to_owned());
                found.push(Brought::Attribute(module, attr, hops + 1));
            }
        } else {
            let name = self.syms.own(origin.to_owned());
            found.push(Brought::Is(Value::External(name)));
        }
    }

    /// A module-level `__getattr__` answers for names the module does not have.
    fn module_hook(&mut self, file: u32, attr: Sym, to: Var, site: Site) {
        let Some(hook) = self.program.globals.get(&(file, self.known.getattr)).copied() else {
            return;
        };
        let name = self.graph.var();
        self.add(name, Value::Text(attr));
        let call = self.call_with(&[name], to, site, EdgeKind::Attribute);
        self.hide(hook, Hidden::Invoke { call, how: How::Flow });
    }

    /// Reads an attribute of a module.
    pub fn load_module(&mut self, module: Sym, attr: Sym, to: Var, site: Site) {
        let found = match self.module_attributes.get(&(module, attr)) {
            Some(known) => known.clone(),
            None => {
                let found: Rc<[Brought]> = self.module_attribute(module, attr).into();
                self.module_attributes.insert((module, attr), found.clone());
                found
            }
        };
        for brought in found.iter() {
            self.bring(*brought, to, site);
        }
    }

    fn module_attribute(&mut self, module: Sym, attr: Sym) -> Vec<Brought> {
        let program = self.program;
        let module = self.syms.text(module);
        let whole = format!("{module}.{}", self.syms.text(attr));
        let is_module = program.modules.contains_key(&*whole);
        let mut found = Vec::new();
        if let Some(file) = program.modules.get(module) {
            if let Some(var) = program.globals.get(&(*file, attr)) {
                found.push(Brought::Flow(*var));
                if !is_module {
                    return found;
                }
            }
            let stars = &program.files[*file as usize].python.facts.names.stars;
            if is_module || program.packages.contains(&*whole) {
                found.push(Brought::Is(Value::Module(self.syms.own(whole))));
            } else if !stars.is_empty() {
                self.look_up(&whole, 1, &mut found);
            } else {
                found.push(Brought::Hook(*file, attr, true));
            }
        } else if is_module || program.packages.contains(&*whole) {
            found.push(Brought::Is(Value::Module(self.syms.own(whole))));
        }
        found
    }
}

fn is_ours(program: &Program<'_>, origin: &str) -> bool {
    program.modules.contains_key(origin) || program.packages.contains(origin) || {
        let mut end = origin.len();
        let mut found = false;
        while let Some(dot) = origin[..end].rfind('.') {
            found |= program.modules.contains_key(&origin[..dot]);
            end = dot;
        }
        found
    }
}
