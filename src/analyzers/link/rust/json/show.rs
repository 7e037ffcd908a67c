//! Types as text.

use crate::analyzers::link::rust::world::World;
use crate::model::facts::rust::types::{Path, Ty};

/// A type as text.
pub fn show(world: &World<'_>, file: u32, ty: &Ty) -> String {
    let facts = world.facts(file);
    let list = |items: &[Ty]| {
        items.iter().map(|item| show(world, file, item)).collect::<Vec<_>>().join(", ")
    };
    let bounds = |paths: &[Path]| {
        let shown = paths.iter().map(|path| show(world, file, &Ty::Path(path.clone())));
        shown.collect::<Vec<_>>().join(" + ")
    };
    match ty {
        Ty::Path(path) => {
            let mut text = String::new();
            if let Some(own) = &path.qself {
                text = format!("<{}>::", show(world, file, own));
            } else if path.global {
                text.push_str("::");
            }
            for (at, segment) in path.segments.iter().enumerate() {
                if at > 0 {
                    text.push_str("::");
                }
                text.push_str(facts.word(segment.name));
                let output = segment.bindings.iter().find(|b| facts.word(b.0) == "Output");
                if let (Some((_, output)), [Ty::Tuple(inputs)]) = (output, segment.args.as_slice())
                {
                    text.push_str(&format!("({})", list(inputs)));
                    if *output != Ty::Tuple(Vec::new()) {
                        text.push_str(&format!(" -> {}", show(world, file, output)));
                    }
                    continue;
                }
                let mut parts: Vec<String> =
                    segment.args.iter().map(|arg| show(world, file, arg)).collect();
                parts.extend(segment.bindings.iter().map(|(name, ty)| {
                    format!("{} = {}", facts.word(*name), show(world, file, ty))
                }));
                if !parts.is_empty() {
                    text.push_str(&format!("<{}>", parts.join(", ")));
                }
            }
            text
        }
        Ty::Ref { mutable: true, inner } => format!("&mut {}", show(world, file, inner)),
        Ty::Ref { inner, .. } => format!("&{}", show(world, file, inner)),
        Ty::Ptr(inner) => format!("*{}", show(world, file, inner)),
        Ty::Slice(inner) => format!("[{}]", show(world, file, inner)),
        Ty::Array(inner, length) => {
            format!("[{}; {}]", show(world, file, inner), facts.word(*length))
        }
        Ty::Tuple(items) if items.len() == 1 => format!("({},)", list(items)),
        Ty::Tuple(items) => format!("({})", list(items)),
        Ty::Fn(inputs, output) => {
            format!("fn({}) -> {}", list(inputs), show(world, file, output))
        }
        Ty::Dyn(paths) => format!("dyn {}", bounds(paths)),
        Ty::Impl(paths) => format!("impl {}", bounds(paths)),
        Ty::Const(word) => facts.word(*word).into(),
        Ty::Never => "!".into(),
        Ty::Infer => "_".into(),
    }
}
