//! Enums that strum reads from and writes as text: the text of each variant.

use super::{Census, Head};
use crate::analyzers::link::rust::json::spaced_name;
use crate::model::{Certainty, Name};

impl Census<'_, '_> {
    pub(super) fn strum_names(&mut self, file: usize) {
        let (context, world) = (self.context, self.world);
        if !self.knows(&["strum".to_owned(), "strum_macros".to_owned()]) {
            return;
        }
        let facts = context.files[file].facts;
        for schema in facts.schemas.types.iter().filter(|schema| schema.strum) {
            let Some(item) = facts.items.types.get(schema.item as usize) else { continue };
            let owner = &world.type_names[(world.bases[file].types + schema.item) as usize];
            let mut members = Vec::new();
            for (variant, shape) in item.variants.iter().zip(&schema.variants) {
                if shape.strum_skip {
                    continue;
                }
                let name = facts.word(variant.name);
                let target: Name = format!("{owner}::{name}").into();
                let mut keys = shape.strum_names.clone();
                if keys.is_empty() {
                    let case = schema.container.strum_case.as_deref();
                    let key = case.map_or_else(|| name.to_owned(), |case| spaced_name(name, case));
                    keys.push(key.into());
                }
                for key in keys {
                    let why = "the variant's text";
                    let sure = Certainty::Exact;
                    members.push(self.member(file, variant.line, Some(key), &target, sure, why));
                }
            }
            let head = Head {
                kind: "strum",
                name: owner.clone(),
                registrar: "strum".into(),
                why: "the texts that strum knows the variants by",
            };
            self.add(&head, file, item.line, members);
        }
    }
}
