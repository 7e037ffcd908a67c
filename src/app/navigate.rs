//! Going somewhere and coming back: views, places, callers, pages.

use super::action::Effect;
use super::detail::DetailLine;
use super::history::Stop;
use super::links::{Links, Place};
use super::list::Filter;
use super::model::{Focus, Model};
use super::overlay::{Overlay, Popup};
use super::text::{self, Line, Role};
use super::toast::Level;
use super::view::View;
use crate::model::{Name, look_up};

/// Where the user is now.
pub fn here(model: &Model) -> Stop {
    let list = model.list();
    let place = (model.view == View::Source).then(|| model.source.place()).flatten();
    let title = match (&place, model.selected(model.view)) {
        (Some(place), _) => place.to_string(),
        (None, Some(row)) => match &row.links.symbol {
            Some(name) => name.to_string(),
            None => row.label.plain().trim().to_owned(),
        },
        (None, None) => String::new(),
    };
    Stop {
        view: model.view,
        selected: list.selected.clone(),
        offset: list.offset.get(),
        filter: list.filter.input.clone(),
        place,
        title,
    }
}

/// Shows a view; where the user was can be gone back to.
pub fn go(model: &mut Model, view: View) {
    if model.view != view {
        let stop = here(model);
        model.history.leave(stop);
        show(model, view);
    }
}

fn show(model: &mut Model, view: View) {
    model.list_mut().filter.editing = false;
    model.overlay = None;
    model.focus = Focus::List;
    model.zoomed = false;
    model.view = view;
}

/// Shows a line of a file.
pub fn jump(model: &mut Model, place: &Place) {
    let stop = here(model);
    if stop.place.as_ref() != Some(place) {
        model.history.leave(stop);
    }
    show(model, View::Source);
    model.source.show(place);
    model.touch(View::Source);
}

/// Shows a view with one of its rows selected, folds opened and filter cleared if need be.
pub fn select(model: &mut Model, view: View, id: &Name) -> bool {
    let found = |model: &Model| model.rows(view).items.iter().position(|row| row.id == *id);
    let mut at = found(model);
    if at.is_none() {
        model.panes_mut(view).list.filter.clear();
        at = found(model);
    }
    let Some(at) = at else { return false };
    go(model, view);
    let rows = model.rows(view);
    model.panes_mut(view).list.select(&rows, at);
    true
}

/// Shows what `name` names in a view: a row's identity, the symbol a row is about or an ending of it
/// that only one has, or in the source view a definition or a `path:line`.
pub fn focus(model: &mut Model, view: View, name: &str) -> bool {
    if view == View::Source {
        let names = model.project.symbols.iter().map(|symbol| &*symbol.name);
        let known = look_up(names, name).unwrap_or(name);
        let symbol = model.project.symbols_named(known).first();
        let place = symbol.map(|s| Place::new(&s.file, s.line)).or_else(|| {
            let (file, line) = name.rsplit_once(':').unwrap_or((name, "1"));
            let file = model.project.file(file)?;
            Some(Place::new(&file.path, line.parse().ok()?))
        });
        return place.map(|place| jump(model, &place)).is_some();
    }
    let find = |model: &Model| {
        let rows = model.rows(view);
        let by_id = rows.items.iter().position(|row| *row.id == *name);
        let by_symbol = || {
            let symbols = rows.items.iter().filter_map(|row| row.links.symbol.as_deref());
            let meant = look_up(symbols, name).ok()?;
            rows.items.iter().position(|row| row.links.symbol.as_deref() == Some(meant))
        };
        let by_end = || rows.items.iter().position(|row| row.id.ends_with(name));
        by_id.or_else(by_symbol).or_else(by_end)
    };
    let mut at = find(model);
    if at.is_none() {
        model.panes_mut(view).list.fold_all(true);
        at = find(model);
    }
    let Some(at) = at else { return false };
    go(model, view);
    let rows = model.rows(view);
    model.panes_mut(view).list.select(&rows, at);
    true
}

/// Goes where links lead first: the place, else the page.
pub fn follow(model: &mut Model, links: &Links) -> Vec<Effect> {
    match (&links.place, &links.page) {
        (Some(place), _) => {
            jump(model, &place.clone());
            Vec::new()
        }
        (None, Some(page)) => open_page(model, &page.clone()),
        (None, None) => Vec::new(),
    }
}

/// Shows a page of the knowledge base.
pub fn open_page(model: &mut Model, page: &Name) -> Vec<Effect> {
    go(model, View::Patterns);
    super::screens::patterns::open(model, page)
}

/// `gd`: the definition of what the user is on. The row's symbol wins over its place, unless the
/// place is that of the definition already.
pub fn definition(model: &mut Model) -> Vec<Effect> {
    let links = model.links();
    let defined = links.symbol.as_ref().and_then(|name| {
        let symbols = model.project.symbols_named(name);
        let here = links.place.as_ref();
        let stands = |s: &&crate::model::Symbol| {
            here.is_some_and(|place| s.file == place.file && s.line == place.line)
        };
        let symbol = symbols.iter().find(stands).or(symbols.first())?;
        Some(Place::new(&symbol.file, symbol.line))
    });
    match defined.or(links.place) {
        Some(place) => {
            jump(model, &place);
            Vec::new()
        }
        None => model.toast(Level::Info, "Nothing to go to from here"),
    }
}

/// `gr`: who calls what the user is on.
pub fn callers(model: &mut Model) -> Vec<Effect> {
    let Some(name) = model.links().symbol else {
        return model.toast(Level::Info, "This row names no function or class");
    };
    let calls = &model.project.calls;
    let Some(node) = calls.find(&name) else {
        return model.toast(Level::Info, format!("{name} is not in the call graph"));
    };
    let index = model.call_index();
    let lines: Vec<DetailLine> = index
        .callers(calls, node)
        .map(|edge| {
            let caller = &calls.nodes[edge.from as usize].name;
            let line = Line::new(Role::of_certainty(edge.certainty), caller)
                .push(Role::Dim, &format!("  {}:{}  {}", edge.file, edge.line, edge.kind.as_str()));
            let links =
                Links::at(&edge.file, edge.line).symbol(caller).why(edge.certainty, &edge.why);
            DetailLine { line, links, no_wrap: true }
        })
        .collect();
    if lines.is_empty() {
        return model.toast(Level::Info, format!("No call of {name} was found"));
    }
    let title = format!("{} of {name}", text::count(lines.len(), "caller"));
    model.overlay = Some(Overlay::Popup(Popup::new(title, lines)));
    Vec::new()
}

/// `K`: the pattern page of what the user is on: the row's own, or that of a finding there.
pub fn page(model: &mut Model) -> Vec<Effect> {
    let links = model.links();
    let found = links.page.or_else(|| {
        let findings = &model.project.findings;
        let by_symbol =
            findings.iter().find(|finding| Some(&finding.symbol) == links.symbol.as_ref());
        let by_place = || {
            let place = links.place.as_ref()?;
            findings.iter().find(|f| f.file == place.file && f.line == place.line)
        };
        by_symbol.or_else(by_place).map(|finding| finding.pattern.clone())
    });
    match found {
        Some(page) => open_page(model, &page),
        None => model.toast(Level::Info, "No pattern page speaks of this row"),
    }
}

/// `!`: why the row is there, and what could not be told around it.
pub fn why(model: &mut Model) -> Vec<Effect> {
    let links = model.links();
    let mut lines = Vec::new();
    let mut add = |line: Line, links: Links| lines.push(DetailLine { line, links, no_wrap: false });
    if let Some(why) = &links.why {
        add(Line::text(&why.text), Links::default());
        let certainty = Line::dim("certainty  ")
            .push(Role::of_certainty(why.certainty), why.certainty.as_str());
        add(certainty, Links::default());
    }
    if let Some(place) = &links.place {
        let line = Line::dim("stands at  ").push(Role::Text, &place.to_string());
        add(line, Links { place: Some(place.clone()), ..Links::default() });
    }
    if let Some(name) = &links.symbol
        && let Some(node) = model.project.calls.find(name)
    {
        let unresolved = model.project.calls.unresolved.iter().filter(|call| call.from == node);
        for call in unresolved {
            let line = Line::new(Role::Possible, &format!("not resolved: {}", call.text))
                .push(Role::Dim, &format!("  line {}: {}", call.line, call.reason));
            add(line, Links::at(&call.file, call.line));
        }
    }
    if lines.is_empty() {
        return model.toast(Level::Info, "This row stands by itself: nothing derived it");
    }
    model.overlay = Some(Overlay::Popup(Popup::new("Why is this here?", lines)));
    Vec::new()
}

pub fn back(model: &mut Model) -> Vec<Effect> {
    let stop = here(model);
    match model.history.go_back(stop) {
        Some(stop) => restore(model, stop),
        None => return model.toast(Level::Info, "Nothing to go back to"),
    }
    Vec::new()
}

pub fn forward(model: &mut Model) -> Vec<Effect> {
    let stop = here(model);
    match model.history.go_forward(stop) {
        Some(stop) => restore(model, stop),
        None => return model.toast(Level::Info, "Nothing ahead"),
    }
    Vec::new()
}

/// Goes back several steps at once, to a step of the breadcrumb.
pub fn back_to(model: &mut Model, step: usize) {
    while model.history.back.len() > step + 1 {
        let stop = here(model);
        if let Some(stop) = model.history.go_back(stop) {
            restore(model, stop);
        }
    }
    let stop = here(model);
    if let Some(stop) = model.history.go_back(stop) {
        restore(model, stop);
    }
}

fn restore(model: &mut Model, stop: Stop) {
    show(model, stop.view);
    if let Some(place) = &stop.place {
        model.source.show(place);
        model.touch(View::Source);
    }
    let list = model.list_mut();
    list.filter = Filter { input: stop.filter, editing: false };
    list.offset.set(stop.offset);
    list.selected = stop.selected;
    let rows = model.rows(model.view);
    model.list_mut().settle(&rows);
}
