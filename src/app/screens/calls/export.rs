//! Writing the graph shown to a file.

use std::path::PathBuf;

use super::scene;
use crate::analyzers::layout::export::{Format, picture_of};
use crate::app::Effect;
use crate::app::model::Model;
use crate::app::toast::Level;

pub fn write(model: &mut Model, format: Format) -> Vec<Effect> {
    let Some(scene) = scene(model) else {
        return model.toast(Level::Info, "Select a function first");
    };
    let name = scene.names.get(scene.part.focus).map_or("calls", |name| name);
    let text = picture_of(&model.project.calls, &scene.part, true, name).write(format);
    let ending = match format {
        Format::Svg => "svg",
        Format::Dot => "dot",
        Format::Mermaid => "mmd",
    };
    vec![Effect::Export {
        path: PathBuf::from(format!("calls-{}.{ending}", file_name(name))),
        text,
    }]
}

/// A qualified name as a file's name.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '_' || c == '.' { c } else { '-' };
    name.chars().take(80).map(plain).collect()
}
