//! Frames of the data views over a hand-made project, at the three sizes of the design.

mod project;

use std::path::Path;

use crate::app::{Action, Model, View};
use crate::shell::headless::Headless;
use crate::views::Theme;
use crate::views::theme::Palette;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// A workbench on the hand-made project, its one source file at hand.
fn workbench(size: (u16, u16)) -> Headless {
    let model = Model::of_project(project::shop());
    let mut shell = Headless::new(model, Theme::new(Palette::None), Path::new("/nowhere"), size);
    let text = Some(project::SOURCE.into());
    shell.act(Action::Text { path: "shop/entities.py".into(), text });
    shell
}

/// The frame as text, without what is blank at the ends of rows.
fn frame(shell: &mut Headless) -> String {
    let buffer = shell.frame();
    let area = buffer.area;
    let row = |y: u16| {
        let cells = (0..area.width).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    (0..area.height).map(row).collect()
}

/// Snapshots of a view at all sizes after typing `keys`.
fn frames(name: &str, view: View, keys: &str) {
    for size in SIZES {
        let mut shell = workbench(size);
        shell.show(view, None);
        shell.press(keys);
        insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), frame(&mut shell));
    }
}

#[test]
fn registries_show_members_and_what_is_stored() {
    frames("registry", View::Registries, "");
    frames("registry-member", View::Registries, "j");
}

#[test]
fn schemas_show_fields_and_json_schema() {
    frames("schemas", View::Schemas, "");
}

#[test]
fn calls_are_boxes_around_the_selected_function() {
    frames("calls", View::Calls, "/checkout<enter><enter>");
    frames("calls-tree", View::Calls, "/checkout<enter><enter>t");
}

#[test]
fn splits_stand_beside_their_source() {
    frames("split", View::Splits, "jj");
    frames("entity", View::Splits, "");
}

#[test]
fn flows_are_lanes_and_graphs() {
    frames("program", View::Flows, "");
    frames("workflow", View::Flows, "j");
}

#[test]
fn pages_are_read_with_the_places_of_the_project() {
    frames("page", View::Patterns, "/lost docstring<enter><enter>i");
}

#[test]
fn the_graph_is_walked_and_recentred() {
    let mut shell = workbench((120, 40));
    shell.show(View::Calls, None);
    shell.press("/checkout<enter><enter>");
    let name = |shell: &Headless| shell.model.links().symbol.map(|name| name.to_string());
    assert_eq!(name(&shell).as_deref(), Some("shop.orders.checkout"));
    shell.press("k");
    assert_eq!(name(&shell).as_deref(), Some("shop.web.handle"), "up to the caller");
    shell.press("j");
    assert_eq!(name(&shell).as_deref(), Some("shop.orders.checkout"), "and down again");
    shell.press("j");
    let below = name(&shell).unwrap();
    assert_ne!(below, "shop.orders.checkout");
    shell.press("<enter>");
    let selected = shell.model.selected(View::Calls).unwrap();
    assert_eq!(&*selected.id, below, "enter puts the box in the middle");
    assert_eq!(name(&shell).as_deref(), Some(below.as_str()));
    shell.press("[");
    assert_eq!(&*shell.model.selected(View::Calls).unwrap().id, "shop.orders.checkout");
}

#[test]
fn fewer_levels_leave_boxes_out_and_count_them() {
    let mut shell = workbench((120, 40));
    shell.show(View::Calls, None);
    shell.press("/checkout<enter><enter>");
    assert!(frame(&mut shell).contains("Item.price"));
    shell.press("-");
    let less = frame(&mut shell);
    assert!(!less.contains("│ Item.price │"), "{less}");
    assert!(less.contains("+1"), "what is left out is counted: {less}");
    shell.press("x");
    assert!(
        frame(&mut shell).contains("│ dumps │") || frame(&mut shell).contains("┆ dumps ┆"),
        "library calls on demand"
    );
}

#[test]
fn the_graph_can_be_exported() {
    let mut shell = workbench((120, 40));
    shell.show(View::Calls, None);
    shell.press("/checkout<enter>os");
    let export = shell.asked.iter().find_map(|effect| match effect {
        crate::app::Effect::Export { path, text } => Some((path.clone(), text.clone())),
        _ => None,
    });
    let (path, text) = export.unwrap();
    assert_eq!(path, Path::new("calls-shop.orders.checkout.svg"));
    assert!(text.contains("shop.orders.checkout"));
}

#[test]
fn a_page_leads_to_its_places_and_back() {
    let mut shell = workbench((120, 40));
    shell.show(View::Patterns, None);
    shell.press("/lost docstring<enter><enter>i");
    // The rule's row, then the first place under the heading and its rule.
    for _ in 0..8 {
        if shell.model.links().place.is_some() {
            break;
        }
        shell.press("j");
    }
    shell.press("<enter>");
    assert_eq!(shell.model.view, View::Source);
    assert_eq!(shell.model.source.place().unwrap().line, 4);
    shell.press("[");
    assert_eq!(shell.model.view, View::Patterns);
}

#[test]
fn words_searched_are_found_in_the_page() {
    let mut shell = workbench((120, 40));
    shell.show(View::Patterns, None);
    shell.press("/ParamSpec<enter>");
    shell.press("n");
    let detail = shell.model.detail(View::Patterns);
    let first = shell.model.detail_state().cursor;
    assert!(detail.lines[first].line.plain().contains("ParamSpec"));
    shell.press("n");
    let second = shell.model.detail_state().cursor;
    assert!(second >= first && detail.lines[second].line.plain().contains("ParamSpec"));
    shell.press("N");
    assert_eq!(shell.model.detail_state().cursor, first);
}

/// Every data view of a project with nothing in it says so, and no size breaks.
#[test]
fn empty_projects_and_small_windows_do_not_break_a_view() {
    let views =
        [View::Registries, View::Schemas, View::Calls, View::Splits, View::Flows, View::Patterns];
    for size in [(60, 16), (61, 17), (100, 16), (160, 16), (300, 100)] {
        for view in views {
            let empty = Model::of_project(crate::model::Project::default());
            let mut shell =
                Headless::new(empty, Theme::new(Palette::Dark), Path::new("/nowhere"), size);
            shell.show(view, None);
            shell.press("<enter>jlhk<tab>jjlhG");
            let mut shell = workbench(size);
            shell.show(view, None);
            shell.press("jj<enter>jlhk<tab>jjlhG<esc>Gt<tab>jj");
        }
    }
}
