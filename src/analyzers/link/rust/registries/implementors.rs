//! `impl Trait for Type`, blanket implementations left out, and typetag's tags.

use super::{Census, Head, short, under};
use crate::analyzers::link::rust::world::{Def, Namespace};
use crate::model::facts::rust::calls::{Body, Expr, ExprId, Literal};
use crate::model::facts::rust::items::{Impl, Owner};
use crate::model::facts::rust::types::Ty;
use crate::model::{Certainty, Name};

/// Members of an implementation whose constant text names the type.
const NAMES: &[&str] = &[
    "name",
    "NAME",
    "Name",
    "id",
    "ID",
    "key",
    "KEY",
    "kind",
    "KIND",
    "type_name",
    "TYPE_NAME",
    "tag",
    "TAG",
    "command",
    "COMMAND",
    "label",
    "LABEL",
];

impl Census<'_, '_> {
    pub(super) fn implementations(&mut self, file: usize) {
        let keys = self.literal_names(file);
        let context = self.context;
        for (index, item) in context.files[file].facts.items.impls.iter().enumerate() {
            self.implementation(file, item, keys.get(&(index as u32)));
        }
    }

    /// The text that each `impl` gives as its name: `const NAME: &str = "x"` or
    /// `fn name(&self) -> &str { "x" }`.
    fn literal_names(&self, file: usize) -> rustc_hash::FxHashMap<u32, Name> {
        let facts = self.context.files[file].facts;
        let mut found = rustc_hash::FxHashMap::default();
        let values = facts.items.values.iter().map(|item| (item.owner, item.name, item.body));
        let functions = facts.items.functions.iter().map(|item| (item.owner, item.name, item.body));
        for (owner, name, body) in values.chain(functions) {
            let (Owner::Impl(holder), Some(body)) = (owner, body) else { continue };
            let Some(rank) = NAMES.iter().position(|known| *known == facts.word(name)) else {
                continue;
            };
            let Some(body) = facts.calls.bodies.get(body as usize) else { continue };
            if let Some(text) = only_text(body, body.root) {
                let entry = found.entry(holder).or_insert((rank, text));
                if rank < entry.0 {
                    *entry = (rank, text);
                }
            }
        }
        let text = |(holder, (_, text))| (holder, Name::from(facts.word(text)));
        found.into_iter().map(text).collect()
    }

    fn implementation(&mut self, file: usize, item: &Impl, literal: Option<&Name>) {
        let Some(trait_) = &item.trait_ else { return };
        if item.is_negative || is_blanket(item) {
            return;
        }
        let facts = self.world.facts(file as u32);
        let name = match self.def(file, item.module, trait_, Namespace::Type) {
            Some(Def::Trait(id)) => self.world.trait_names[id as usize].clone(),
            Some(Def::External(id)) => self.world.external_path(id).clone(),
            _ => self.path(file, item.module, trait_),
        };
        let target = self.self_type(file, item);
        let tag = item.attributes.iter().find(|mark| {
            mark.path.segments.first().is_some_and(|part| facts.word(part.name) == "typetag")
        });
        let (kind, whole, key) = match tag {
            Some(mark) => (
                "typetag",
                "implementations by the tag that names them in data",
                mark.key.clone().unwrap_or_else(|| short(&target)),
            ),
            None => (
                "trait-impl",
                "types that implement the trait",
                literal.cloned().unwrap_or_else(|| short(&target)),
            ),
        };
        let why = match (literal, tag) {
            (Some(_), None) => "an impl block of the trait; named by its own constant text",
            _ => "an impl block of the trait for the type",
        };
        let why = under(why, item.cfg.as_ref());
        let member = self.member(file, item.line, Some(key), &target, Certainty::Exact, &why);
        let head = Head { kind, registrar: name.clone(), name, why: whole };
        self.add(&head, file, item.line, vec![member]);
    }
}

/// `impl<T> Trait for T`, `for &T`, `for Box<T>`.
fn is_blanket(item: &Impl) -> bool {
    let is_param = |ty: &Ty| match ty {
        Ty::Path(path) => path
            .as_word()
            .is_some_and(|word| item.generics.params.iter().any(|param| param.name == word)),
        _ => false,
    };
    match &item.self_ty {
        Ty::Ref { inner, .. } => is_param(inner),
        other => is_param(other),
    }
}

/// The text a body is nothing but.
fn only_text(body: &Body, id: ExprId) -> Option<u32> {
    match body.exprs.get(id as usize)? {
        Expr::Literal(Literal::Str(text)) => Some(*text),
        Expr::Ref(inner, _) => only_text(body, *inner),
        Expr::Block(block) if block.statements.is_empty() => only_text(body, block.tail?),
        Expr::Method { receiver, args, .. } if args.is_empty() => only_text(body, *receiver),
        Expr::Call { args, .. } if args.len() == 1 => only_text(body, args[0]),
        _ => None,
    }
}
