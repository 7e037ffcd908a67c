//! Calls of paths, values and methods, and the literals of structs.

use super::infer::{Inference, Target};
use super::methods::{Found, Missing};
use super::paths::{Instance, Meaning};
use super::types::T;
use crate::analyzers::link::rust::world::Id;
use crate::model::facts::rust::calls::{Expr, ExprId, Site};
use crate::model::facts::rust::items::Receiver;
use crate::model::facts::rust::types::Path;
use crate::model::{Certainty, EdgeKind, Name};

/// Candidates beyond this many say nothing.
const MOST_CANDIDATES: usize = 8;

/// The parts of a method call.
#[derive(Clone, Copy)]
pub(super) struct MethodCall<'c> {
    pub receiver: ExprId,
    pub generics: &'c [T],
    pub args: &'c [ExprId],
    pub site: Site,
}

impl Inference<'_, '_, '_> {
    pub(super) fn is_closure(&self, id: ExprId) -> bool {
        matches!(self.body.exprs.get(id as usize), Some(Expr::Closure { .. }))
    }

    /// Reads the arguments of a call: closures last, when the others have told their types.
    pub(super) fn arguments(&mut self, formals: &[T], args: &[ExprId], output: &T, expected: &T) {
        let closures = args.iter().any(|arg| self.is_closure(*arg));
        if closures {
            self.solver.unify(output, expected);
        }
        for pass in [false, true] {
            if pass && !closures {
                break;
            }
            for (at, arg) in args.iter().enumerate() {
                if self.is_closure(*arg) != pass {
                    continue;
                }
                let formal = formals.get(at).cloned().unwrap_or(T::Unknown);
                let given = self.infer(*arg, &formal);
                self.coerce_at(&given, &formal, Some(*arg));
                if pass {
                    self.solver.process();
                }
            }
            self.solver.process();
        }
    }

    pub(super) fn call(&mut self, callee: ExprId, args: &[ExprId], site: Site, expected: &T) -> T {
        let body = self.body;
        let Some(Expr::Path(path, _)) = body.exprs.get(callee as usize) else {
            let ty = self.infer(callee, &T::Unknown);
            return self.call_value(&ty, args, site, "", expected);
        };
        match self.meaning(path) {
            Meaning::Function(instance) => {
                self.note_instance(site, EdgeKind::Call, &instance);
                self.arguments(&instance.params, args, &instance.output, expected);
                self.conversion(&instance, site);
                instance.output
            }
            Meaning::Constructor(ty) => match &ty {
                T::Fn(_, params, output) => {
                    self.arguments(params, args, output, expected);
                    (**output).clone()
                }
                _ => {
                    self.arguments(&[], args, &T::Unknown, &T::Unknown);
                    ty
                }
            },
            Meaning::Value(ty) => {
                let text = self.written(path);
                self.call_value(&ty, args, site, &text, expected)
            }
            Meaning::External(name) => self.call_outside(name, args, site, expected),
            Meaning::Unknown(reason) => {
                let text = self.written(path);
                self.unresolved(site, &text, reason);
                self.arguments(&[], args, &T::Unknown, &T::Unknown);
                T::Unknown
            }
        }
    }

    /// A function of a crate without source: a method of its trait is that of the type it is used
    /// for, when the project implements it.
    fn call_outside(&mut self, name: Name, args: &[ExprId], site: Site, expected: &T) -> T {
        let tables = self.tables;
        let Some(candidates) = tables.outside_methods.get(&name) else {
            self.note(site, EdgeKind::Call, Target::External(name));
            self.arguments(&[], args, &T::Unknown, &T::Unknown);
            return T::Unknown;
        };
        let given: Vec<T> = args.iter().map(|arg| self.infer(*arg, &T::Unknown)).collect();
        self.solver.process();
        let mut fitting = candidates.iter().copied().filter(|function| {
            let takes_self = self.world().function(*function).receiver.is_some();
            let own = if takes_self { given.first().unwrap_or(&T::Unknown) } else { expected };
            let own = self.unreferenced(own);
            let holder = tables.owner_impl(*function).map(|id| &tables.impls[id as usize].self_ty);
            match (own.head(), holder.and_then(T::head)) {
                (Some(own), Some(holder)) => own == holder,
                (None, _) => candidates.len() == 1,
                _ => false,
            }
        });
        let (first, more) = (fitting.next(), fitting.next().is_some());
        match first {
            Some(function) if !more => {
                let target = Target::Function {
                    function,
                    certainty: Certainty::Inferred,
                    why: "the implementation of a trait outside the project",
                };
                self.note(site, EdgeKind::Call, target);
                self.instantiate(function, None, None, &[]).output
            }
            _ => {
                self.note(site, EdgeKind::Call, Target::External(name));
                T::Unknown
            }
        }
    }

    pub(super) fn written(&self, path: &Path) -> String {
        let names: Vec<&str> = self
            .tables
            .ids(path, self.scope.file)
            .iter()
            .map(|id| self.world().name(*id))
            .collect();
        names.join("::")
    }

    /// A call of a value: a closure's own calls are the enclosing function's already.
    pub(super) fn call_value(
        &mut self,
        ty: &T,
        args: &[ExprId],
        site: Site,
        text: &str,
        expected: &T,
    ) -> T {
        let ty = self.solver.shallow(ty);
        let mut bare = ty.clone();
        while let T::Ref(_, inner) = &bare {
            let inner = inner.clone();
            bare = self.solver.shallow(&inner);
        }
        let is_closure = matches!(bare, T::Fn(true, ..));
        if !is_closure {
            let shown = self.solver.resolve(&bare);
            let reason = match &shown {
                T::Unknown | T::Var(_) => "a value of unknown type is called".to_string(),
                T::Fn(..) => "a function pointer is called".to_string(),
                _ => format!("a value of type `{}` is called", self.show(&shown)),
            };
            self.unresolved(site, text, reason);
        }
        match self.solver.callable(&ty, 0) {
            Some((params, output)) => {
                self.arguments(&params, args, &output, expected);
                output
            }
            None => {
                self.arguments(&[], args, &T::Unknown, &T::Unknown);
                T::Unknown
            }
        }
    }

    pub(super) fn method(
        &mut self,
        receiver: &T,
        name: u32,
        call: &MethodCall<'_>,
        expected: &T,
    ) -> T {
        let name = self.word(name);
        self.solver.process();
        let missing = match self.solver.probe(receiver, name) {
            Ok(found) => return self.found(found, call, expected),
            Err(missing) => missing,
        };
        let MethodCall { args, site, .. } = *call;
        let text = self.world().name(name).to_string();
        match missing {
            Missing::External(path) => {
                let path = format!("{path}::{text}");
                self.note(site, EdgeKind::Call, Target::External(path.into()));
            }
            Missing::NotFound(ty) if self.pinned(&ty).is_some() => {
                let reason = "not written in the source: a macro may generate it";
                self.unresolved(site, &text, reason);
                let fits = self.named(name, args.len());
                self.candidates(&fits, site);
                if let (Some(projected), "project" | "project_ref") = (self.pinned(&ty), &*text) {
                    return projected;
                }
            }
            Missing::NotFound(ty) => {
                let mut bare = ty.clone();
                while let T::Ref(_, inner) = &bare {
                    let inner = inner.clone();
                    bare = self.solver.shallow(&inner);
                }
                match self.std_path(&bare) {
                    Some(path) => {
                        let path = format!("{path}::{text}");
                        self.note(site, EdgeKind::Call, Target::External(path.into()));
                    }
                    None => {
                        let reason =
                            format!("no method `{text}` of `{}` is known", self.show(&bare));
                        self.unresolved(site, &text, reason);
                        let fits = self.named(name, args.len());
                        self.candidates(&fits, site);
                    }
                }
            }
            Missing::Unknown => self.by_name_only(name, args.len(), site, &text),
        }
        self.arguments(&[], args, &T::Unknown, &T::Unknown);
        T::Unknown
    }

    /// For `Pin<&mut S>` of a struct of the project: its projection.
    pub(super) fn pinned(&mut self, ty: &T) -> Option<T> {
        let mut target = self.unwrapped(ty, "Pin").or_else(|| self.solver.deref(ty))?;
        for _ in 0..4 {
            target = self.solver.shallow(&target);
            match &target {
                T::Adt(id, args) => {
                    let world = self.world();
                    if !world.is_std(world.types[*id as usize].file) {
                        return Some(T::Projected(*id, args.clone()));
                    }
                    target = self.solver.deref(&target)?;
                }
                T::Ref(_, inner) => target = (**inner).clone(),
                _ => return None,
            }
        }
        None
    }

    /// The receiver's type is unknown: a name that only one method of the project has, and none
    /// of the standard library, may well mean that one.
    pub(super) fn by_name_only(&mut self, name: Id, args: usize, site: Site, text: &str) {
        let fits = self.named(name, args);
        let known_outside = fits.iter().any(|id| self.tables.is_std_function(*id));
        match fits.as_slice() {
            [only] if !known_outside => {
                let target = Target::Function {
                    function: *only,
                    certainty: Certainty::Possible,
                    why: "the only method of this name",
                };
                self.note(site, EdgeKind::Call, target);
            }
            _ => {
                self.unresolved(site, text, "the receiver's type is not known");
                self.candidates(&fits, site);
            }
        }
    }

    /// The project's methods that a call may mean, when they are few.
    fn candidates(&mut self, fits: &[u32], site: Site) {
        let is_own = |id: &&u32| !self.tables.is_std_function(**id);
        let own: Vec<u32> = fits.iter().filter(is_own).copied().collect();
        if own.len() > MOST_CANDIDATES {
            return;
        }
        for function in own {
            let (certainty, why) = (Certainty::Possible, "one of the methods of this name");
            self.note(site, EdgeKind::Call, Target::Function { function, certainty, why });
        }
    }

    /// Methods of a name that take so many arguments.
    fn named(&self, name: Id, args: usize) -> Vec<u32> {
        let candidates = self.tables.named.get(&name).map_or(&[][..], |found| found);
        let takes = |id: &u32| {
            let item = self.world().function(*id);
            item.receiver.is_some() && item.params.len() == args
        };
        candidates.iter().copied().filter(takes).collect()
    }

    pub(super) fn found(&mut self, found: Found, call: &MethodCall<'_>, expected: &T) -> T {
        let MethodCall { receiver: place, generics, args, site } = *call;
        let item = self.world().function(found.function);
        let writes = matches!(item.receiver, Some(Receiver::RefMut));
        let deref = if writes { ("DerefMut", "deref_mut") } else { ("Deref", "deref") };
        for ty in &found.derefs {
            self.implicit(site, deref.0, deref.1, ty, &[]);
        }
        if writes {
            self.mutate(place);
        }
        let mut instance =
            self.instantiate(found.function, Some(&found.self_ty), found.trait_, generics);
        instance.certainty = found.certainty;
        if let Some(receiver) = instance.params.first().cloned() {
            self.solver.unify(&receiver, &found.receiver);
        }
        self.note_instance(site, EdgeKind::Call, &instance);
        let formals = instance.params.get(1..).unwrap_or_default().to_vec();
        self.arguments(&formals, args, &instance.output, expected);
        self.conversion(&instance, site);
        instance.output
    }

    /// Calls of the standard library that run the project's own code: `into` runs `From::from`,
    /// `to_string` runs `Display::fmt`, `collect` runs `FromIterator::from_iter` …
    pub(super) fn conversion(&mut self, instance: &Instance, site: Site) {
        let Some((_, args, own)) = &instance.through else { return };
        if !self.tables.is_std_function(instance.function) {
            return;
        }
        match self.world().name(self.tables.short(instance.function)) {
            "into" => {
                let target = instance.output.clone();
                self.implicit(site, "From", "from", &target, std::slice::from_ref(own));
            }
            "try_into" => {
                if let Some(to) = args.first().cloned() {
                    self.implicit(site, "TryFrom", "try_from", &to, std::slice::from_ref(own));
                }
            }
            "to_string" => self.implicit(site, "Display", "fmt", own, &[]),
            "collect" => {
                let target = instance.output.clone();
                self.implicit(site, "FromIterator", "from_iter", &target, &[]);
            }
            _ => {}
        }
    }

    pub(super) fn struct_literal(
        &mut self,
        path: &Path,
        fields: &[(u32, ExprId)],
        rest: Option<ExprId>,
    ) -> T {
        let adt = match self.pattern_type(path) {
            Some((T::Adt(id, _), 0)) if path.last().is_some_and(|last| !last.args.is_empty()) => {
                let written = self.lower_path(path);
                let written = self.fill_holes(&written);
                Some((
                    if matches!(written, T::Adt(other, _) if other == id) {
                        written
                    } else {
                        self.adt_with_holes(id)
                    },
                    0,
                ))
            }
            other => other,
        };
        for (name, value) in fields {
            let name = self.word(*name);
            let wanted = match &adt {
                Some((T::Adt(id, args), variant)) => {
                    self.tables.field(*id, args, *variant, name).unwrap_or(T::Unknown)
                }
                _ => T::Unknown,
            };
            let given = self.infer(*value, &wanted);
            self.coerce(&given, &wanted);
        }
        let ty = adt.map_or_else(
            || {
                let written = self.lower_path(path);
                self.fill_holes(&written)
            },
            |(ty, _)| ty,
        );
        if let Some(rest) = rest {
            let given = self.infer(rest, &ty);
            self.coerce(&given, &ty);
        }
        ty
    }
}
