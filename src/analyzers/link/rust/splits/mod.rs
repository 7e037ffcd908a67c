//! Gives the state machines of all files their qualified names.

use super::Context;
use crate::model::{Entity, Split};

pub fn link(context: &Context<'_>) -> (Vec<Entity>, Vec<Split>) {
    let splits = context.files.iter().flat_map(|file| {
        let module = context.modules.path_of(&file.file.path).clone();
        file.facts.splits.splits.iter().cloned().map(move |mut split| {
            split.function = format!("{module}::{}", split.function).into();
            split
        })
    });
    (Vec::new(), splits.collect())
}
