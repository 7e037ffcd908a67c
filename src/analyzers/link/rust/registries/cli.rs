//! Command trees (R9): clap's derives, and commands built by calls.

use super::expr::Reader;
use super::{Census, Head};
use crate::analyzers::link::rust::json::spaced_name;
use crate::model::facts::rust::calls::{Expr, ExprId, Literal};
use crate::model::facts::rust::items::{Shape, TypeKind, Variant};
use crate::model::facts::rust::schemas::{ClapField, VariantSchema};
use crate::model::{Certainty, Member, Name};

impl Census<'_, '_> {
    /// The arguments, values and subcommands of clap's derived types.
    pub(super) fn clap_derives(&mut self, file: usize) {
        let (context, world) = (self.context, self.world);
        let facts = context.files[file].facts;
        for schema in &facts.schemas.types {
            let Some(item) = facts.items.types.get(schema.item as usize) else { continue };
            let derives = |names: &[&str]| {
                item.derives.iter().any(|(_, path, _)| {
                    path.last().is_some_and(|last| names.contains(&facts.word(last.name)))
                })
            };
            if !derives(&["Parser", "Args", "Subcommand", "ValueEnum", "StructOpt", "Clap"]) {
                continue;
            }
            let id = world.bases[file].types + schema.item;
            let owner = &world.type_names[id as usize];
            let case = schema.container.clap_case.as_deref().unwrap_or("kebab-case");
            let is_values = derives(&["ValueEnum"]);
            let mut members = Vec::new();
            for (variant, shape) in item.variants.iter().zip(&schema.variants) {
                if item.kind == TypeKind::Enum {
                    if shape.clap_skip {
                        continue;
                    }
                    let name = facts.word(variant.name);
                    let rename = shape.clap_name.as_deref();
                    let key = rename.map_or_else(|| spaced_name(name, case), str::to_owned);
                    let target = format!("{owner}::{name}").into();
                    let why = if is_values { "a value of the argument" } else { "a subcommand" };
                    let sure = Certainty::Exact;
                    let shown = Some(key.as_str().into());
                    members.push(self.member(file, variant.line, shown, &target, sure, why));
                    if variant.shape == Shape::Named {
                        let prefix = format!("{key} ");
                        members.extend(self.arguments(
                            file,
                            owner,
                            (variant, shape),
                            case,
                            &prefix,
                        ));
                    }
                } else {
                    members.extend(self.arguments(file, owner, (variant, shape), case, ""));
                }
            }
            let head = Head {
                kind: "cli",
                name: owner.clone(),
                registrar: "clap".into(),
                why: match (item.kind, is_values) {
                    (_, true) => "the values of a command line argument",
                    (TypeKind::Enum, _) => "the subcommands of a command line",
                    _ => "the arguments of a command line",
                },
            };
            self.add(&head, file, item.line, members);
        }
    }

    fn arguments(
        &self,
        file: usize,
        owner: &Name,
        (variant, shape): (&Variant, &VariantSchema),
        case: &str,
        prefix: &str,
    ) -> Vec<Member> {
        let facts = self.context.files[file].facts;
        let plain = ClapField::default();
        let rows = variant.fields.iter().zip(&shape.fields).filter_map(|((name, _), field)| {
            let clap = field.clap.as_ref().unwrap_or(&plain);
            if clap.skip {
                return None;
            }
            let name = facts.word(*name);
            let wire = |given: &str| match given {
                "" => spaced_name(name, case),
                given => given.to_string(),
            };
            let (key, why) = if clap.subcommand {
                (format!("{name}…"), "the subcommands stand in this field's type")
            } else if clap.flatten {
                (format!("{name}…"), "the arguments of this field's type")
            } else if let Some(long) = &clap.long {
                (format!("--{}", wire(long)), "an option")
            } else if let Some(short) = &clap.short {
                let letter =
                    if short.is_empty() { name.chars().next() } else { short.chars().next() };
                (format!("-{}", letter.unwrap_or('?')), "an option")
            } else {
                let id = clap.id.as_deref().unwrap_or(name);
                (format!("<{}>", id.to_uppercase()), "a positional argument")
            };
            let target = format!("{owner}::{name}").into();
            let key = Some(format!("{prefix}{key}").into());
            let line = if field.line > 0 { field.line } else { variant.line };
            Some(self.member(file, line, key, &target, Certainty::Exact, why))
        });
        rows.collect()
    }

    /// `Command::new("x").arg(Arg::new("y").long("y")).subcommand(…)`.
    pub(super) fn commands(&mut self, reader: &Reader<'_, '_>) {
        let source = reader.source;
        if source.is_test {
            return;
        }
        let mut parents: Option<Vec<Option<ExprId>>> = None;
        for (at, expr) in reader.body.exprs.iter().enumerate() {
            let Expr::Call { callee, args, .. } = expr else { continue };
            if !matches!(reader.callee(*callee), Some("new" | "with_name")) {
                continue;
            }
            let Some(Expr::Path(path, _)) = reader.get(*callee) else { continue };
            let Some(found) = reader.path(path) else { continue };
            let is_command = found.name.contains("clap")
                && ["Command::new", "App::new", "SubCommand::with_name"]
                    .iter()
                    .any(|end| found.name.ends_with(end));
            let Some(name) = args.first().filter(|_| is_command).and_then(|id| reader.text(*id))
            else {
                continue;
            };
            let parents = parents.get_or_insert_with(|| reader.parents());
            let mut members = Vec::new();
            for (method, args, line) in chain(reader, parents, at as ExprId) {
                match method {
                    "arg" | "args" => {
                        for arg in args.iter().flat_map(|arg| reader.leaves(*arg)) {
                            members.extend(self.argument(reader, parents, arg, line));
                        }
                    }
                    "subcommand" | "subcommands" => {
                        for arg in args.iter().flat_map(|arg| reader.leaves(*arg)) {
                            members.extend(self.subcommand(reader, arg, line));
                        }
                    }
                    _ => {}
                }
            }
            let head = Head {
                kind: "cli",
                name,
                registrar: source.owner.clone(),
                why: "the arguments and subcommands of a command",
            };
            self.add(&head, source.file, reader.line(at as ExprId), members);
        }
    }

    fn subcommand(&self, reader: &Reader<'_, '_>, id: ExprId, line: u32) -> Option<Member> {
        let file = reader.source.file;
        let why = "a subcommand";
        let root = reader.root(reader.bare(id));
        let Some(Expr::Call { args, .. }) = reader.get(root) else { return None };
        let (key, target) = match args.first().and_then(|first| reader.text(*first)) {
            Some(name) => (name.clone(), name),
            None => {
                let target = reader.target(id, true)?;
                (super::short(&target.name), target.name)
            }
        };
        let line = reader.line(root).max(line);
        Some(self.member(file, line, Some(key), &target, Certainty::Exact, why))
    }

    /// `Arg::new("id").long("name").short('n')`, or `arg!(--name <VALUE>)`.
    fn argument(
        &self,
        reader: &Reader<'_, '_>,
        parents: &[Option<ExprId>],
        id: ExprId,
        line: u32,
    ) -> Option<Member> {
        let root = reader.root(reader.bare(id));
        let Some(Expr::Call { callee, args, .. }) = reader.get(root) else { return None };
        let name = args.first().and_then(|first| reader.text(*first));
        let Some(name) = name else {
            // A function that builds the argument.
            let target = reader.target(id, true).filter(|target| target.function.is_some())?;
            let key = Some(super::short(&target.name));
            let why = "an argument that the function builds";
            let file = reader.source.file;
            return Some(self.member(file, line, key, &target.name, Certainty::Inferred, why));
        };
        if !matches!(reader.callee(*callee), Some("new" | "with_name")) {
            return None;
        }
        let mut key = format!("<{}>", name.to_uppercase());
        for (method, args, _) in chain(reader, parents, root) {
            match (method, args.first()) {
                ("long", Some(long)) => {
                    if let Some(long) = reader.text(*long) {
                        key = format!("--{long}");
                    }
                }
                ("short", Some(short)) if key.starts_with('<') => {
                    if matches!(reader.get(*short), Some(Expr::Literal(Literal::Char))) {
                        key = format!("-{name}");
                    }
                }
                _ => {}
            }
        }
        let line = reader.line(root).max(line);
        let file = reader.source.file;
        Some(self.member(file, line, Some(key.into()), &name, Certainty::Exact, "an argument"))
    }
}

/// The methods called on an expression, in order, with their arguments and lines.
fn chain<'a>(
    reader: &Reader<'_, 'a>,
    parents: &[Option<ExprId>],
    start: ExprId,
) -> Vec<(&'a str, &'a [ExprId], u32)> {
    let mut found = Vec::new();
    let mut at = start;
    while let Some(parent) = parents.get(at as usize).copied().flatten() {
        match reader.get(parent) {
            Some(Expr::Method { receiver, name, args, site, .. }) if *receiver == at => {
                found.push((reader.word(*name), args.as_slice(), site.line));
            }
            _ => break,
        }
        at = parent;
    }
    found
}
