//! From any row to its definition, callers, page and reason, and back.

use crate::app::command::Context::{Global, Popup};
use crate::app::toast::Level;
use crate::app::{Command, Effect, Model, navigate, overlay};

pub const COMMANDS: &[Command] = &[
    Command::new(
        "jump.definition",
        "Go to definition",
        "Show the source of what the row names",
        &[Global],
        &["gd"],
        navigate::definition,
    )
    .footer(4),
    Command::new(
        "jump.callers",
        "Callers",
        "List the calls of what the row names",
        &[Global],
        &["gr"],
        navigate::callers,
    )
    .footer(6),
    Command::new(
        "jump.graph",
        "Call graph",
        "Show callers and callees as a graph",
        &[Global],
        &["gc"],
        graph,
    ),
    Command::new(
        "jump.run",
        "Run it",
        "Open the form that runs the function the row names, task or not",
        &[Global],
        &["gx"],
        run,
    ),
    Command::new(
        "jump.page",
        "Pattern page",
        "Read the page of the pattern at the row",
        &[Global],
        &["K"],
        navigate::page,
    )
    .footer(8),
    Command::new(
        "jump.why",
        "Why?",
        "Tell how the row was found and how sure it is",
        &[Global],
        &["!"],
        navigate::why,
    )
    .footer(7),
    Command::new(
        "jump.back",
        "Back",
        "Go back to where the last jump started",
        &[Global],
        &["[", "ctrl-o", "alt-left"],
        navigate::back,
    )
    .footer(9),
    Command::new(
        "jump.forward",
        "Forward",
        "Undo going back",
        &[Global],
        &["]", "alt-right"],
        navigate::forward,
    ),
    Command::new("editor.open", "Edit", "Open the place in your editor", &[Global], &["e"], edit)
        .footer(10),
    Command::new(
        "copy.place",
        "Copy path:line",
        "Copy the row's place",
        &[Global],
        &["yp"],
        copy_place,
    ),
    Command::new(
        "copy.name",
        "Copy name",
        "Copy the qualified name of the row",
        &[Global],
        &["yn"],
        copy_name,
    ),
    Command::new("copy.row", "Copy row", "Copy the row's text", &[Global], &["yy"], copy_row),
    Command::new(
        "popup.choose",
        "Choose",
        "Go where the line leads, or say yes",
        &[Popup],
        &["enter", "y"],
        overlay::choose,
    )
    .footer(1),
    Command::new("popup.close", "Close", "Close the popup", &[Popup], &["esc", "q"], |model| {
        model.overlay = None;
        Vec::new()
    })
    .footer(2),
];

fn graph(model: &mut Model) -> Vec<Effect> {
    let Some(name) = model.links().symbol else {
        return model.toast(Level::Info, "This row names no function or class");
    };
    crate::app::screens::calls::focus_on(model, &name)
}

fn run(model: &mut Model) -> Vec<Effect> {
    let Some(name) = model.links().symbol else {
        return model.toast(Level::Info, "This row names no function");
    };
    crate::app::screens::tasks::open_task(model, &name)
}

fn edit(model: &mut Model) -> Vec<Effect> {
    match model.links().place {
        Some(place) => vec![Effect::OpenEditor(place)],
        None => model.toast(Level::Info, "This row stands in no file"),
    }
}

fn copy_place(model: &mut Model) -> Vec<Effect> {
    match model.links().place {
        Some(place) => vec![Effect::Copy { text: place.to_string(), what: place.to_string() }],
        None => model.toast(Level::Info, "This row stands in no file"),
    }
}

fn copy_name(model: &mut Model) -> Vec<Effect> {
    match model.links().symbol {
        Some(name) => vec![Effect::Copy { text: name.to_string(), what: name.to_string() }],
        None => model.toast(Level::Info, "This row names nothing"),
    }
}

fn copy_row(model: &mut Model) -> Vec<Effect> {
    match model.selected(model.view) {
        Some(row) => {
            let text = row.label.plain().trim().to_owned();
            vec![Effect::Copy { what: text.clone(), text }]
        }
        None => model.toast(Level::Info, "Nothing is selected"),
    }
}
